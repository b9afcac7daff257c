"""Calibrating the printer of a desk: print its sheet, say what is seen on it, and badges come out in their place."""

from flask import flash, request, session
from msgspec import convert, to_builtins
from werkzeug.exceptions import NotFound
from wtforms.fields import FloatField, SelectField, StringField
from wtforms.validators import DataRequired, NumberRange, Optional

from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.logs.models.entries import LogKind
from indico.web.util import jsonify_data, jsonify_form

from print_agent.protocol import calibration, media
from print_agent.protocol.calibration import CARD_LONG_MM, EDGES, MAX_LINE_MM, Answers, Calibration
from print_agent.protocol.errors import WrongAnswer

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.badge.template_choice import template_rules
from indico_checkin_print.diagnostics.labels import badge_sizes
from indico_checkin_print.management.base import DialogForm, RHDeskBase, action_form, dialog_done
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import FormSetup


#: What is wrong with an answer to a question (`WrongAnswer.reason`)
_WRONG = {
    'code': _('This is not the code of a calibration sheet of this printer. It stands in large letters on the sheet.'),
    'up': _('With this arrow up the badge lies across the label. Look again which arrow is up, or print the sheet the '
            'other way round.'),
    'card': _('This cannot be: read the number on the ruler CARD where the card ends, or leave it empty.'),
}
#: The page of a sheet if no form says what prints at the desk, in mm
DEFAULT_SIZE = (96.0, 134.0)


class SheetForm(DialogForm):
    """How large the calibration sheet is."""

    size = SelectField(_('Sheet'), [DataRequired()],
                       description=_('As the labels come out of the printer. Choose the one that lies across if badges '
                                     'come out turned by a quarter.'))

    def __init__(self, *args, sizes, **kwargs):
        super().__init__(*args, **kwargs)
        self.sizes = {media.in_words(size): size for size in sizes}
        self.size.choices = [(words, words) for words in self.sizes]


def _line_field(label, description=''):
    return FloatField(label, [Optional(), NumberRange(-MAX_LINE_MM, MAX_LINE_MM)], description=description)


class CalibrationForm(DialogForm):
    """What somebody sees on a calibration sheet."""

    code = StringField(_('Code'), [DataRequired()],
                       description=_('The large letters on the sheet. They say which printer and which size it is.'))
    up = SelectField(_('Which arrow points up?'), choices=[(edge, edge) for edge in EDGES],
                     description=_('Hold the label as the badge will be read.'))
    a = _line_field(_('At A, which line does the edge of the label touch?'),
                    _('0: the ruler begins at the edge. 2.5: the label ends between its second and third line. -1: it '
                      'begins one millimetre inside. Leave an edge empty if its ruler cannot be seen.'))
    b = _line_field(_('At B?'))
    c = _line_field(_('At C?'))
    d = _line_field(_('At D?'))
    card = FloatField(_('Where does the card end?'), [Optional(), NumberRange(0.1, 2 * CARD_LONG_MM)],
                      description=_('Lay a bank card at the line "0" of the ruler CARD and read the number at its '
                                    'other end. Leave it empty if the sheet has no such ruler.'))

    def __init__(self, *args, badges, **kwargs):
        super().__init__(*args, **kwargs)
        self.badges = badges
        #: What was found, once it is valid
        self.found = None

    def validate(self, extra_validators=None):
        if not super().validate(extra_validators):
            return False
        answers = Answers(up=self.up.data, card=self.card.data, **{edge: self[edge].data for edge in EDGES.lower()})
        try:
            sheet = calibration.size_of(self.target.printer, self.code.data)
            self.found = calibration.find(answers, sheet, self._badge_of(sheet))
        except WrongAnswer as exc:
            self[exc.reason].errors = [_WRONG[exc.reason]]
            return False
        return True

    def _badge_of(self, sheet):
        """Return the badge that the sheet is for: the one of its size, whichever way round."""
        return next((size for size in self.badges
                     if any(media.is_about(each, sheet) for each in (size, media.turned(size)))), None)


class RHDeskPrinterBase(RHDeskBase):
    """Base class for one printer of a desk."""

    def _process_args(self):
        RHDeskBase._process_args(self)
        position = request.view_args['position']
        self.desk_printer = next((each for each in self.desk.printers if each.position == position), None)
        if self.desk_printer is None:
            raise NotFound


class RHPrintCalibrationSheet(RHDeskPrinterBase):
    """Print the sheet on which one sees where a printer puts a page."""

    def _process(self):
        sizes = _badges_of(self.desk) or [DEFAULT_SIZE]
        form = SheetForm(event=self.event, target=self.desk_printer,
                         sizes=dict.fromkeys([*sizes, *map(media.turned, sizes)]))
        if form.validate_on_submit():
            ledger.request_calibration_sheet(self.desk_printer, session.user, form.sizes[form.size.data])
            kick.after_commit()
            flash(_('The calibration sheet goes to {}. With it in your hand, press "Calibrate".')
                  .format(self.desk_printer.printer), 'success')
            return dialog_done()
        return action_form(form, _('Print the sheet'))


class RHCalibratePrinter(RHDeskPrinterBase):
    """Ask what is seen on the calibration sheet of a printer, and print its badges accordingly from then on."""

    def _process(self):
        form = CalibrationForm(event=self.event, target=self.desk_printer, badges=_badges_of(self.desk))
        if form.validate_on_submit():
            self.desk_printer.calibration = to_builtins(form.found)
            self._log(LogKind.change, f'Printer "{self.desk_printer.printer}" of desk "{self.desk.name}" calibrated',
                      **self.desk_printer.calibration)
            flash(_('{printer} is calibrated: {found}.').format(printer=self.desk_printer.printer,
                                                                found=in_words(self.desk_printer)), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHForgetCalibration(RHDeskPrinterBase):
    """Print the badges of a printer as if it had never been calibrated."""

    TAB = 'setup'

    def _process(self):
        self.desk_printer.calibration = None
        self._log(LogKind.change, f'Calibration of "{self.desk_printer.printer}" of desk "{self.desk.name}" removed')
        flash(_('The calibration of {} has been removed.').format(self.desk_printer.printer), 'success')
        return self._back_to_page()


def in_words(desk_printer):
    """Return in words how the badges of a desk's printer are brought to their place, or ``''``."""
    if desk_printer.calibration is None:
        return ''
    found = convert(desk_printer.calibration, Calibration)
    parts = [_('turned by {}°').format(found.orientation)] if found.orientation else []
    for mm, more, less in ((found.offset_x_mm, _('{} mm to the right'), _('{} mm to the left')),
                           (found.offset_y_mm, _('{} mm down'), _('{} mm up'))):
        if mm:
            parts.append((more if mm > 0 else less).format(f'{abs(mm):g}'))
    if found.scale != 1:
        parts.append(_('{} % of its size').format(f'{found.scale * 100:.1f}'))
    return ', '.join(map(str, parts)) or str(_('as it is'))


def is_set_at_agent(desk_printer):
    """Return whether the computer of a printer says where its badges lie, which comes before what is set here."""
    return any(each.get('calibrated') for each in desk_printer.agent.printers if each['name'] == desk_printer.printer)


def _badges_of(desk):
    setups = (FormSetup.query.join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
              .filter(RegistrationForm.event_id == desk.event_id, ~RegistrationForm.is_deleted, FormSetup.enabled)
              .order_by(RegistrationForm.id).all())
    first = Desk.query.filter_by(event_id=desk.event_id, is_deleted=False).order_by(Desk.id).first()
    return badge_sizes(desk, setups, template_rules(desk.event_id), is_first=first == desk)
