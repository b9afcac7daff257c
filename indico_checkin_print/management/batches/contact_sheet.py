"""The contact sheet: the badges of chosen people as small pictures, in order, each with what is wrong with it.

Its page has a place for each badge, and asks for the pictures of a few at a time as they come into view. So thousands
of people hold up no web worker for longer than those few take, and nothing is kept but whom somebody chose.
"""

from dataclasses import dataclass
from uuid import uuid4

from flask import flash, request, session
from wtforms.fields import SelectField
from wtforms.validators import InputRequired

from indico.core.cache import make_scoped_cache
from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.models.registrations import Registration
from indico.web.util import jsonify_data, jsonify_template

from indico_checkin_print import _
from indico_checkin_print.badge.drawing_version import drawing_version
from indico_checkin_print.badge.persons import name_of
from indico_checkin_print.badge.preview import ShownPage, small_pages
from indico_checkin_print.ledger.prepared import drawn_ahead
from indico_checkin_print.management.base import (LABELS_ABOVE, RHRegFormBase, WPCheckinPrint, WPWithoutMenus,
                                                  action_form, static)
from indico_checkin_print.management.batches.members import Kind, candidates_of
from indico_checkin_print.management.batches.pages import ORDERS
from indico_checkin_print.management.registrations.chosen import ChosenForm, RHChosenBase
from indico_checkin_print.management.registrations.draw import Shown, show, shown_ahead
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.management.visibility import visible_registrations
from indico_checkin_print.routing.batch_order import BatchOrder, arrange


#: How long the page can be looked at
KEPT_FOR = 12 * 3600  # seconds
#: Badges whose pictures are asked for at once: drawing them takes a second
PART = 12
_cache = make_scoped_cache('checkin-print-contact-sheet')


class ContactSheetForm(ChosenForm):
    """In which order the badges are."""

    order = SelectField(_('Order'), [InputRequired()], default=BatchOrder.name,
                        choices=[(str(order), title) for order, title in ORDERS.items()])


class WPContactSheet(WPWithoutMenus):
    """The page of the contact sheet."""

    def get_extra_css_files(self):
        return [static(x) for x in ('event_page.css', 'contact_sheet.css')]

    def get_extra_js_files(self):
        return [static('contact_sheet.js')]


@dataclass(frozen=True)
class Cell:
    """One badge on the contact sheet."""

    #: Its place, counted from 0
    index: int
    #: The number of the registration
    number: int
    #: Empty if the registration is gone, or hidden from the user
    name: str
    shown: Shown
    pages: tuple[ShownPage, ...]


class RHChooseContactSheet(RHChosenBase):
    """Make the contact sheet of the registrations that the form's field ``registration_id`` names."""

    MAX_CHOSEN = 5000

    def _process(self):
        setup = self.regform.checkin_print_setup
        members = [candidate.member for candidate in candidates_of(self.regform, self.ids)
                   if candidate.kind != Kind.not_allowed] if setup is not None and setup.enabled else []
        if not members:
            return jsonify_template('nobody.html', _render_func=WPCheckinPrint.render_template_func,
                                    message=_('Choose some registrations first whose people may have a badge.'))
        form = ContactSheetForm(event=self.event, registration_id=sorted(self.ids))
        if not form.validate_on_submit():
            return action_form(form, _('Show'), form_header_kwargs=LABELS_ABOVE,
                               message=_('Badges to be shown as small pictures: {}. Nothing is printed.')
                               .format(len(members)))
        key = str(uuid4())
        arranged = arrange(members, BatchOrder(form.order.data), [0])[0]
        _cache.set(_key(key), [(x.registration_id, x.person, x.number) for x in arranged], timeout=KEPT_FOR)
        return jsonify_data(flash=False, redirect=url_for_plugin('checkin_print.contact_sheet', self.regform, key=key))


class RHContactSheet(RHRegFormBase):
    """Show the contact sheet that the same user had made, with a place for each badge."""

    def _process(self):
        if (badges := _kept()) is None:
            flash(_('This contact sheet is no longer there. Make it again.'), 'error')
            return self._back_to_page()
        return WPContactSheet.render_template(
            'contact_sheet.html', title=_('Contact sheet'), event=self.event, regform=self.regform, part=PART,
            numbers=[number for __, __, number in badges],
            url=url_for_plugin('checkin_print.contact_sheet_part', self.regform, key=request.args['key']))


class RHContactSheetPart(RHRegFormBase):
    """Return some badges of the contact sheet: those from the argument ``start`` on."""

    def _process(self):
        start = request.args.get('start', '')
        begin = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 0
        return WPContactSheet.render_template_func('contact_sheet_part.html',
                                                   cells=list(self._cells(begin, (_kept() or [])[begin:][:PART])))

    def _cells(self, begin, badges):
        ids = {id_ for id_, __, __ in badges}
        allowed = visible_registrations(self.event)
        registrations = {x.id: x for x in Registration.query.with_parent(self.regform).filter(
            Registration.id.in_(ids), ~Registration.is_deleted,
            *([] if allowed is None else [Registration.id.in_(allowed)]))}
        ahead, rules = drawn_ahead(registrations.keys(), drawing_version()), setup_of(self.event)
        for index, (id_, person, number) in enumerate(badges, begin):
            if (registration := registrations.get(id_)) is None:
                yield Cell(index, number, '', Shown(notes=(_('The registration is no longer there.'),)), ())
                continue
            shown = shown_ahead(ahead[id_, person]) if (id_, person) in ahead else show(registration, rules, person)
            yield Cell(index, number, name_of(registration, person), shown,
                       tuple(small_pages(shown.content)) if shown.content else ())


def _kept():
    """Return whose badges somebody chose: (registration id, person, number) each; ``None`` if that is not kept."""
    return _cache.get(_key(request.args.get('key', '')[:40]))


def _key(key):
    # of one user
    return f'{session.user.id}-{key}'
