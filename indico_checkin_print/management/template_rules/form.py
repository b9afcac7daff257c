"""The dialog of one template rule: its conditions and its template."""

import msgspec
from wtforms.fields import BooleanField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, NumberRange, ValidationError

from indico.web.forms.base import FormDefaults
from indico.web.forms.fields import IndicoEnumSelectField
from indico.web.forms.validators import HiddenUnless
from indico.web.forms.widgets import SwitchWidget

from indico_checkin_print import _
from indico_checkin_print.badge.fold import folded_size
from indico_checkin_print.badge.parts import is_one_size
from indico_checkin_print.badge.template_choice import choices_of, template_rules
from indico_checkin_print.badge.templates import PIXELS_MM, title_of, usable_templates
from indico_checkin_print.management.desk_rules.conditions import ConditionsForm, defaults_of
from indico_checkin_print.models.choices import BadgeKind, Fold
from indico_checkin_print.routing.rules import check
from indico_checkin_print.routing.template_rules import MAX_COPIES, TemplateRule


class TemplateRuleForm(ConditionsForm):
    """Conditions and a template."""

    # a badge is not drawn anew when these change, see `routing.template_rules`
    roles = surname_first = surname_last = days = ways = None
    validate_surname_last = None

    template_id = SelectField(_('Template'), [DataRequired()], coerce=int,
                              description=_('The badge is drawn with it if all conditions above hold.'))
    adds = BooleanField(_('Besides the badge'), widget=SwitchWidget(),
                        description=_('It is printed as well, after the badge that the other rules or the form decide '
                                      'about, such as a meal ticket. Its pages must have the size of the badge.'))
    copies = IntegerField(_('Copies'), [InputRequired(), NumberRange(1, MAX_COPIES)], default=1)
    backside = BooleanField(_('Print the backside'), widget=SwitchWidget(),
                            description=_('If the template has one.'))
    fold = IndicoEnumSelectField(_('Backside'), [HiddenUnless('backside', preserve_data=True)], enum=Fold, sorted=False,
                                 default=Fold.none)

    def __init__(self, *args, choices, target=None, **kwargs):
        self.templates = event_templates(choices.event)
        template_id = target.template if target is not None and target.template in self.templates else 0
        super().__init__(*args, choices=choices, target=target,
                         obj=FormDefaults(template_id=template_id, adds=target is not None and target.adds,
                                          copies=target.copies if target is not None else 1,
                                          backside=target is not None and target.backside,
                                          fold=target.fold if target is not None else Fold.none,
                                          **defaults_of(target, choices)), **kwargs)
        self.template_id.choices = [(0, _('Please select…')),
                                    *((tpl.id, title_of(tpl)) for tpl in self.templates.values())]

    def validate_template_id(self, field):
        # all conditions are known here, unless one of them is none
        if any(other.errors for other in self if other is not field):
            return
        if not self.conditions():
            raise ValidationError(_('Choose at least one condition. Badges that no rule fits have the template of '
                                    'their form.'))
        template = self.templates[field.data]
        if template.registration_form_id is not None and template.registration_form_id not in self._forms():
            raise ValidationError(_('This template has fields of the form "{}". Choose this form above, and no other.')
                                  .format(template.registration_form.title))
        try:
            self.rule_with(1)
        except msgspec.ValidationError:
            raise ValidationError(_('These are more conditions than a rule may have.'))

    def validate_backside(self, field):
        template = self.templates.get(self.template_id.data)
        if field.data and template is not None and template.backside_template is None:
            raise ValidationError(_('This template has no backside.'))

    def validate_adds(self, field):
        template = self.templates.get(self.template_id.data)
        if not field.data or template is None:
            return
        sizes = _sizes(self.event)
        mine = folded_size(template.data['width'], template.data['height'],
                           (self.fold.data if self.backside.data else None) or Fold.none)
        if not any(is_one_size(mine, size) for size in sizes):
            raise ValidationError(_('No badge of this event has the size of this template: {}.').format(
                ', '.join(f'{width / PIXELS_MM:g} × {height / PIXELS_MM:g} mm' for width, height in sorted(sizes))))

    def rule_with(self, id_):
        """Return the `TemplateRule` that the dialog describes."""
        return check(TemplateRule(id_, self.template_id.data, tuple(self.conditions()), self.backside.data,
                                  (self.fold.data if self.backside.data else None) or Fold.none, self.adds.data,
                                  self.copies.data))

    def _forms(self):
        """Return the forms that the rule asks for, if it is one: the other ones have not the fields of its template."""
        forms = set(self.forms.data or ()) if 'forms' in self else set()
        return forms if len(forms) == 1 else set()


def _sizes(event):
    """Return the sizes of the pages of all badges of an event, in pixels of the designer."""
    rules = template_rules(event.id)
    return {choice.size for regform in event.registration_forms
            if not regform.is_deleted and (setup := regform.checkin_print_setup) is not None and setup.enabled
            and setup.kind == BadgeKind.badge for choice in choices_of(setup, rules)}


def event_templates(event):
    """Return what Indico lets print for any form of an event, by id."""
    templates = {tpl for regform in event.registration_forms if not regform.is_deleted
                 for tpl in usable_templates(regform)}
    return {tpl.id: tpl for tpl in sorted(templates, key=lambda tpl: (tpl.title, tpl.id))}
