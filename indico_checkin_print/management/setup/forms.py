"""Registration forms: whether a check-in prints, what, and where."""

from flask import flash, request
from wtforms.fields import BooleanField, SelectField
from wtforms.validators import InputRequired, ValidationError

from indico.core.db import db
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.forms.fields import IndicoEnumSelectField
from indico.web.forms.validators import HiddenUnless
from indico.web.forms.widgets import SwitchWidget
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _
from indico_checkin_print.badge.builtin import HEIGHT, WIDTH
from indico_checkin_print.badge.template_choice import default_choice
from indico_checkin_print.badge.templates import title_of, usable_templates
from indico_checkin_print.management.base import DialogForm, RHRegFormBase
from indico_checkin_print.models.choices import BadgeKind, Fold, TemplateLevel
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import FormSetup


class FormSetupForm(DialogForm):
    """Whether a registration form prints on check-in, what, and where."""

    enabled = BooleanField(_('Print on check-in'), widget=SwitchWidget(),
                           description=_('Check-ins with this form print, unless a rule under "When to print" says '
                                         'otherwise.'))
    kind = IndicoEnumSelectField(_('What prints'), [InputRequired()], enum=BadgeKind, sorted=False,
                                 titles={BadgeKind.ticket: _('Ticket (the ticket of the form, on A4)'),
                                         BadgeKind.badge: _('Badge (a template, on a page of its own size)')})
    template_id = SelectField(_('Template'), [HiddenUnless('kind', BadgeKind.badge, preserve_data=True)], coerce=int,
                              description=_('Templates are drawn on the page "Posters/Badges" of the event, by people '
                                            'who manage the whole event.'))
    backside = BooleanField(_('Print the backside'), [HiddenUnless('kind', BadgeKind.badge, preserve_data=True)],
                            widget=SwitchWidget(),
                            description=_('If the template has one.'))
    fold = IndicoEnumSelectField(_('Backside'), [HiddenUnless('backside', preserve_data=True)], enum=Fold, sorted=False,
                                 default=Fold.none, description=_('A printer that prints on both sides gets both as '
                                                                  'one sheet.'))
    desk_id = SelectField(_('Desk'), coerce=int,
                          description=_('Where the badges of this form come out, unless a device, a volunteer or a '
                                        'rule decides otherwise.'))

    def __init__(self, *args, event, target, **kwargs):
        super().__init__(*args, event=event, target=target, **kwargs)
        self.templates = {tpl.id: tpl for tpl in usable_templates(target)}
        self.default = default_choice(event)
        self.template_id.choices = [(0, _default_title(self.default))]
        self.template_id.choices += [(tpl.id, title_of(tpl)) for tpl in self.templates.values()]
        desks = Desk.query.filter_by(event_id=event.id, is_deleted=False).order_by(Desk.id).all()
        first = _('The first desk ({})').format(desks[0].name) if desks else _('The first desk (there is none yet)')
        self.desk_id.choices = [(0, first), *((desk.id, desk.name) for desk in desks)]

    def validate_backside(self, field):
        template = self.templates.get(self.template_id.data, self.default.template)
        if field.data and template.backside_template is None:
            raise ValidationError(_('This template has no backside.'))


class RHEditForm(RHRegFormBase):
    """Change what a registration form prints."""

    def _process(self):
        setup = self.regform.checkin_print_setup
        defaults = (FormDefaults(setup, {'enabled', 'kind', 'backside', 'fold'}, template_id=setup.template_id or 0,
                                 desk_id=setup.desk_id or 0) if setup is not None else
                    FormDefaults(enabled=True, kind=BadgeKind.badge, template_id=0, desk_id=0, fold=Fold.none))
        form = FormSetupForm(event=self.event, target=self.regform, obj=defaults)
        if form.validate_on_submit():
            if setup is None:
                setup = FormSetup(registration_form=self.regform)
            is_badge = form.kind.data == BadgeKind.badge
            setup.enabled = form.enabled.data
            setup.kind = form.kind.data
            setup.template_id = (form.template_id.data or None) if is_badge else None
            setup.backside = is_badge and form.backside.data
            setup.fold = (form.fold.data if setup.backside else None) or Fold.none
            setup.desk_id = form.desk_id.data or None
            db.session.flush()
            db.session.refresh(setup)
            self._log(LogKind.change, f'Printing for the form "{self.regform.title}" changed', **_loggable(setup))
            flash(_('What the form "{}" prints has been changed.').format(self.regform.title), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHSwitchForm(RHRegFormBase):
    """Switch the printing of a registration form on or off."""

    def _process(self):
        setup = self.regform.checkin_print_setup
        enabled = request.form.get('enabled') == '1'
        if enabled and setup is None:
            flash(_('Choose first what the form "{}" prints.').format(self.regform.title), 'error')
        elif setup is not None and setup.enabled != enabled:
            setup.enabled = enabled
            state = 'on' if enabled else 'off'
            self._log(LogKind.change, f'Printing for the form "{self.regform.title}" switched {state}')
            flash((_('"{}" prints on check-in now.') if enabled else _('"{}" does not print any more.'))
                  .format(self.regform.title), 'success')
        if not request.is_xhr:
            return self._back_to_page()
        is_on = setup is not None and setup.enabled
        # ajaxCheckbox wants the state, and shows the messages
        return jsonify_data(enabled=is_on)


def _default_title(choice):
    """Return what the dialog calls the template of a form for which none is chosen: a `TemplateChoice`."""
    if choice.level == TemplateLevel.builtin:
        return _('Simple badge: name, affiliation and QR code ({width} × {height} mm)').format(width=WIDTH,
                                                                                                height=HEIGHT)
    return _('Default of the category: {}').format(title_of(choice.template))


def _loggable(setup):
    return {'prints': setup.enabled, 'kind': setup.kind.name,
            'template': setup.template.title if setup.template is not None else 'the default one',
            'backside': setup.backside, 'fold': setup.fold.name,
            'desk': setup.desk.name if setup.desk is not None else 'the first one'}
