"""The dialog that shows the badge of one person as a printer of a desk prints it."""

from flask import request, session
from werkzeug.exceptions import NotFound

from indico.core.plugins import url_for_plugin
from indico.web.util import jsonify_template

from indico_checkin_print import _, ledger
from indico_checkin_print.badge.persons import name_of, persons_of
from indico_checkin_print.badge.preview import shown_pages
from indico_checkin_print.diagnostics.dots import dots_of
from indico_checkin_print.diagnostics.labels import label_problem
from indico_checkin_print.management.base import WPCheckinPrint
from indico_checkin_print.management.registrations.draw import show
from indico_checkin_print.management.registrations.hooks import RHRegistrationBase
from indico_checkin_print.management.setup.calibration import in_words
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk


class RHPreviewBadge(RHRegistrationBase):
    """Show a badge. The arguments ``person`` and ``printer`` say whose, and where it would come out."""

    def _process(self):
        setup = self.regform.checkin_print_setup
        if setup is None or not setup.enabled:
            return jsonify_template('nobody.html', _render_func=WPCheckinPrint.render_template_func,
                                    message=_('This form prints no badges.'))
        persons = persons_of(self.registration) if setup.kind == BadgeKind.badge else ['']
        if (person := request.args.get('person', '')) not in persons:
            # on a ticket are all of them
            person = ''
        printers = _printers(self.event)
        default = ledger.desk_for_form(self.regform, session.user, self.registration, person).desk_id
        value = request.args.get('printer') or next((value for value, (desk, __) in printers.items()
                                                     if desk.id == default), '')
        if value and value not in printers:
            raise NotFound
        __, printer = printers.get(value, (None, None))
        return preview_dialog(
            show(self.registration, setup_of(self.event), person, dots=dots_of(printer)), printer,
            url=url_for_plugin('checkin_print.preview_badge', self.registration),
            name=name_of(self.registration, person), person=person,
            persons={id_: name_of(self.registration, id_) for id_ in persons},
            printers={key: _title(*each) for key, each in printers.items()}, chosen=value)


def preview_dialog(shown, printer, *, url, name, printers, chosen, person='', persons=(), texts=()):
    """Return the dialog with a badge.

    :param shown: What is `Shown`.
    :param printer: The `DeskPrinter` that prints it, if there is one.
    :param url: Where another badge is asked for, with what the fields of the dialog say.
    :param name: Whose badge it is.
    :param printers: What can be chosen: the words for each value, of which one is `chosen`.
    :param persons: The same for persons.
    :param texts: Fields to type in: (name, label, value) each.
    """
    dots = dots_of(printer)
    pages = shown_pages(shown.content, dots) if shown.content else []
    labels = label_problem(printer, (shown.width_mm, shown.height_mm)) if pages and printer is not None else ''
    return jsonify_template(
        'preview.html', _render_func=WPCheckinPrint.render_template_func, shown=shown, labels=labels, dots=dots,
        calibration=in_words(printer) if printer is not None else '', pages=pages, url=url,
        name=name, printers=printers, chosen=chosen, person=person, persons=persons, texts=texts)


def _printers(event):
    """Return where badges of an event can come out: (desk, `DeskPrinter` or ``None``), by what a form says."""
    desks = Desk.query.filter_by(event_id=event.id, is_deleted=False).order_by(Desk.name, Desk.id)
    return {f'{desk.id}:{printer.position if printer is not None else ""}': (desk, printer)
            for desk in desks for printer in (desk.printers if desk.webhook_id is None and desk.printers else [None])}


def _title(desk, printer):
    return f'{desk.name}: {printer.printer}' if printer is not None else desk.name
