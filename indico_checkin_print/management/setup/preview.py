"""The dialog with a badge for a name that somebody types, as the printers of a desk print it: a test without paper."""

from flask import request
from werkzeug.exceptions import NotFound

from indico.core.plugins import url_for_plugin
from indico.web.util import jsonify_template

from indico_checkin_print import _
from indico_checkin_print.badge.sample import sample_registration, setup_for_test
from indico_checkin_print.diagnostics.dots import dots_of
from indico_checkin_print.management.base import RHDeskBase, WPCheckinPrint
from indico_checkin_print.management.registrations.draw import show
from indico_checkin_print.management.registrations.preview import preview_dialog
from indico_checkin_print.management.setup.desks import MAX_NAME, longest_name
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.reasons.codes import Reason


class RHPreviewTest(RHDeskBase):
    """Show the test badge of a desk. The arguments ``first_name``, ``last_name`` and ``printer`` say which."""

    def _process(self):
        setup = setup_for_test(self.event.id, self.desk.id)
        if setup is None:
            return jsonify_template('nobody.html', _render_func=WPCheckinPrint.render_template_func,
                                    message=Reason.no_sample.sentence)
        names = tuple(request.args.get(name, default)[:MAX_NAME] for name, default in
                      zip(('first_name', 'last_name'), longest_name(self.event), strict=True))
        printers = {str(printer.position): printer for printer in self.desk.printers}
        value = request.args.get('printer') or next(iter(printers), '')
        if value and value not in printers:
            raise NotFound
        with sample_registration(setup.registration_form, '\n'.join(names)) as registration:
            shown = show(registration, setup_of(self.event), dots=dots_of(printers.get(value)))
        return preview_dialog(
            shown, printers.get(value), url=url_for_plugin('checkin_print.preview_test', self.desk),
            name=' '.join(names), texts=list(zip(('first_name', 'last_name'), (_('First name'), _('Last name')), names,
                                                 strict=True)),
            printers={key: printer.printer for key, printer in printers.items()}, chosen=value)
