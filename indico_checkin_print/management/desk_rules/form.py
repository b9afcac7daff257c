"""The dialog of one desk rule: its conditions and its desk."""

import msgspec
from wtforms.fields import HiddenField, SelectField
from wtforms.validators import DataRequired, ValidationError

from indico.web.forms.base import FormDefaults

from indico_checkin_print import _
from indico_checkin_print.management.desk_rules.conditions import ConditionsForm, defaults_of
from indico_checkin_print.management.desk_rules.words import sentence
from indico_checkin_print.routing.rules import MAX_LENGTH, Rule, check


class RuleForm(ConditionsForm):
    """Conditions and a desk."""

    desk_id = SelectField(_('Desk'), [DataRequired()], coerce=int,
                          description=_('The badge comes out here if all conditions above hold.'))
    rule_id = HiddenField()

    def __init__(self, *args, choices, target=None, **kwargs):
        desk_id = target.desk if target is not None and target.desk in choices.desks else 0
        super().__init__(*args, choices=choices, target=target,
                         obj=FormDefaults(desk_id=desk_id, **defaults_of(target, choices)), **kwargs)
        self.rule_id.data = str(target.id) if target is not None else ''
        self.desk_id.choices = [(0, _('Please select…')), *choices.desks.items()]

    def validate_desk_id(self, field):
        # the last field of the dialog: here all conditions are known, unless one of them is none
        if any(other.errors for other in self if other is not field):
            return
        if not self.conditions():
            raise ValidationError(_('Choose at least one condition. Badges that no rule fits go to the desk of their '
                                    'form.'))
        try:
            self.rule_with(1)
        except msgspec.ValidationError:
            raise ValidationError(_('These are more conditions than a rule may have.'))

    def rule_with(self, id_):
        """Return the `Rule` that the dialog describes."""
        rule = check(Rule(id_, self.desk_id.data, tuple(self.conditions())))
        return msgspec.structs.replace(rule, words=sentence(rule, self.rule_choices)[:MAX_LENGTH])
