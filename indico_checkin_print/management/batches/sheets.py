"""Badges on sheets: a PDF with several badges on each sheet of A4 or Letter, to be printed before the event."""

from io import BytesIO
from uuid import uuid4

from flask import flash, request, session
from wtforms.fields import BooleanField, FloatField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from indico.core.cache import make_scoped_cache
from indico.core.errors import UserValueError
from indico.core.plugins import url_for_plugin
from indico.modules.designer.pdf import PIXELS_CM
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind
from indico.util.fs import secure_filename
from indico.web.flask.util import send_file
from indico.web.forms.base import FormDefaults
from indico.web.forms.widgets import SwitchWidget
from indico.web.util import jsonify_data, jsonify_template

from indico_checkin_print import _
from indico_checkin_print.badge.label_sheet import PAPERS, SheetLayout, fitted, sheets_of
from indico_checkin_print.badge.render import accepted_by, drawing_choices, render
from indico_checkin_print.badge.template_choice import form_choice
from indico_checkin_print.errors import CannotRender, MustHold
from indico_checkin_print.management.base import LABELS_ABOVE, RHRegFormBase, WPCheckinPrint, action_form
from indico_checkin_print.management.batches.members import Kind, candidates_of
from indico_checkin_print.management.batches.pages import ORDERS
from indico_checkin_print.management.registrations.chosen import ChosenForm, RHChosenBase
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.routing.batch_order import BatchOrder, arrange


#: How long the PDF can be downloaded, and how large it may be
KEPT_FOR, MAX_SIZE = 600, 50 * 1024 * 1024  # seconds, bytes
#: Sizes of badges that differ by less are the same, in mm
_SAME_MM = 0.2
_cache = make_scoped_cache('checkin-print-sheets')
_MM = [InputRequired(), NumberRange(min=0, max=200)]
_NUMBER = [InputRequired(), NumberRange(min=1, max=30)]


class SheetsForm(ChosenForm):
    """Where badges are on a sheet."""

    paper = SelectField(_('Paper'), [InputRequired()], choices=[
        ('a4', _('A4')), ('a4-landscape', _('A4, landscape')),
        ('letter', _('Letter')), ('letter-landscape', _('Letter, landscape'))])
    columns = IntegerField(_('Columns'), _NUMBER)
    rows = IntegerField(_('Rows'), _NUMBER)
    left = FloatField(_('Left margin (mm)'), _MM, description=_('From the edge of the sheet to the first column.'))
    top = FloatField(_('Top margin (mm)'), _MM, description=_('From the edge of the sheet to the first row.'))
    gap_x = FloatField(_('Between columns (mm)'), _MM)
    gap_y = FloatField(_('Between rows (mm)'), _MM)
    cut_lines = BooleanField(_('Cut lines'), widget=SwitchWidget(),
                             description=_('Short lines at the corners of the badges.'))
    order = SelectField(_('Order'), [InputRequired()], choices=[(str(order), title) for order, title in ORDERS.items()])
    leave_out = BooleanField(_('Leave out badges that cannot be drawn'), widget=SwitchWidget())

    def __init__(self, *args, size, **kwargs):
        super().__init__(*args, **kwargs)
        self.size = size

    def validate_rows(self, field):
        numbers = (self.columns, self.rows, self.left, self.top, self.gap_x, self.gap_y)
        are_there = not any(other.errors for other in numbers) and all(other.data is not None for other in numbers)
        if are_there and not self.paper.errors and (problem := self.layout.problem(*self.size)):
            raise ValidationError(problem)

    @property
    def layout(self):
        paper, __, side = self.paper.data.partition('-')
        width, height = PAPERS[paper][::-1] if side else PAPERS[paper]
        return SheetLayout(width, height, self.columns.data, self.rows.data, self.left.data, self.top.data,
                           self.gap_x.data, self.gap_y.data, self.cut_lines.data)


class RHMakeSheets(RHChosenBase):
    """Put the badges of the registrations on sheets that the form's field ``registration_id`` names."""

    #: It is made while somebody waits
    MAX_CHOSEN = 200

    def _process(self):
        setup = self.regform.checkin_print_setup
        if setup is None or setup.kind != BadgeKind.badge:
            return _nothing(_('This form prints no badges.'))
        members = [candidate.member for candidate in candidates_of(self.regform, self.ids)
                   if candidate.kind in {Kind.first, Kind.had, Kind.under_way}]
        if not members:
            return _nothing(_('Choose some registrations first whose people may have a badge.'))
        size = tuple(side / PIXELS_CM * 10 for side in form_choice(setup).size)
        form = SheetsForm(event=self.event, size=size, obj=_defaults(size), registration_id=sorted(self.ids))
        if not form.is_submitted():
            # the POST that opens the dialog says nothing about it
            form.cut_lines.data = True
        if form.validate_on_submit():
            badges, problems = self._draw(setup, arrange(members, BatchOrder(form.order.data), [0])[0], size)
            if badges and (form.leave_out.data or not problems):
                return self._answer(sheets_of(badges, form.layout), len(badges))
            form.leave_out.errors = [*form.leave_out.errors, _('These cannot be drawn: {}').format('; '.join(problems))]
        return action_form(form, _('Make the PDF'), form_header_kwargs=LABELS_ABOVE,
                           message=_('Badges of {width:g} × {height:g} mm: {count}. What is on sheets does not count '
                                     'as printed, so a check-in prints it as well.').format(
                                         width=size[0], height=size[1], count=len(members)))

    def _draw(self, setup, members, size):
        """Return the badges of a size, and who has none and why, as sentences."""
        registrations = {x.id: x for x in Registration.query.filter(
            Registration.id.in_({member.registration_id for member in members}))}
        rules, badges, problems = setup_of(self.event), [], []
        for member in members:
            try:
                badge = render(registrations[member.registration_id], setup, member.person, accepted=accepted_by(rules),
                               alone=True, **drawing_choices(rules))
            except (CannotRender, MustHold) as exc:
                problems.append(f'#{member.number}: {exc.reason.sentence}')
                continue
            if abs(badge.width_mm - size[0]) > _SAME_MM or abs(badge.height_mm - size[1]) > _SAME_MM:
                problems.append(_('#{number}: another size, {width:g} × {height:g} mm').format(
                    number=member.number, width=badge.width_mm, height=badge.height_mm))
            else:
                badges.append(badge)
        return badges, problems

    def _answer(self, content, count):
        if len(content) > MAX_SIZE:
            raise UserValueError(_('The PDF has {} MB. Choose fewer people.').format(len(content) // 1024**2))
        key = str(uuid4())
        _cache.set(_key(key), content, timeout=KEPT_FOR)
        self._log(LogKind.other, f'Badges of "{self.regform.title}" put on sheets', badges=count)
        return jsonify_data(flash=False, redirect_no_loading=True,
                            redirect=url_for_plugin('checkin_print.download_sheets', self.regform, key=key))


class RHDownloadSheets(RHRegFormBase):
    """Return the PDF that the same user had made."""

    def _process(self):
        content = _cache.get(_key(request.args.get('key', '')[:40]))
        if content is None:
            flash(_('This PDF is no longer there. Make it again.'), 'error')
            return self._back_to_page()
        name = secure_filename(f'{self.regform.title}.pdf', 'badges.pdf')
        return send_file(name, BytesIO(content), 'application/pdf', inline=False, no_cache=True)


def _key(key):
    # of one user: nobody else gets the names
    return f'{session.user.id}-{key}'


def _defaults(size):
    layout = fitted('a4', *size)
    return FormDefaults(paper='a4' if layout.width < layout.height else 'a4-landscape', columns=layout.columns,
                        rows=layout.rows, left=layout.left, top=layout.top, gap_x=0, gap_y=0, cut_lines=True,
                        order=str(BatchOrder.name), leave_out=False)


def _nothing(message):
    return jsonify_template('nobody.html', _render_func=WPCheckinPrint.render_template_func, message=message)
