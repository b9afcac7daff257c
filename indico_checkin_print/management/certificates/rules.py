"""Whom a type is for, as groups of people, and how they attended, as rules: added, changed, moved and deleted.

A group or rule has no number of its own. Its URL has a checksum of what it says, so that nobody changes another
one than the one that they saw.
"""

import zlib

import msgspec
from flask import flash, request
from werkzeug.exceptions import NotFound
from wtforms.fields import StringField
from wtforms.validators import DataRequired, Length

from indico.core.errors import UserValueError
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _
from indico_checkin_print.certificates.types import MAX_RULES, HowRule, Who
from indico_checkin_print.management.base import in_english
from indico_checkin_print.management.certificates.base import RHTypePageBase
from indico_checkin_print.management.certificates.words import rule_in_words
from indico_checkin_print.management.desk_rules.choices import RuleChoices
from indico_checkin_print.management.desk_rules.conditions import ConditionsForm, defaults_of
from indico_checkin_print.models.choices import CertificateSource
from indico_checkin_print.routing.rules import check, dump, parse


#: By what a URL says: the column of the type, and the class of what is in it
KINDS = {'who': ('who', Who), 'how': ('how_rules', HowRule)}


class GroupForm(ConditionsForm):
    """People for whom all conditions hold."""

    # a certificate is about a registration and not about a check-in
    surname_first = surname_last = days = person = ways = None
    validate_surname_last = None

    def __init__(self, *args, choices, target=None, **kwargs):
        super().__init__(*args, choices=choices, target=target, obj=FormDefaults(
            how=getattr(target, 'how', ''), **defaults_of(target, choices)), **kwargs)

    def validate(self, *args, **kwargs):
        if not super().validate(*args, **kwargs):
            return False
        error = None
        try:
            if not self.conditions():
                error = _('Choose at least one condition.')
            else:
                self.rule()
        except msgspec.ValidationError:
            error = _('These are more conditions than a rule may have.')
        if error is not None:
            first = next(iter(self))
            first.errors = [*first.errors, error]
        return error is None

    def rule(self):
        """Return what the dialog describes."""
        return check(Who(tuple(self.conditions())))


class HowForm(GroupForm):
    """How people attended for whom all conditions hold."""

    how = StringField(_('How they attended'), [DataRequired(), Length(max=100)],
                      description=_('As it stands on the certificate: "has attended … remotely".'))

    def rule(self):
        return check(HowRule(tuple(self.conditions()), self.how.data))


class RHTypeRulesBase(RHTypePageBase):
    """Base class for the groups or the rules of a type, as the URL says."""

    def _process_args(self):
        RHTypePageBase._process_args(self)
        self.column, self.kind = KINDS[request.view_args['kind']]
        if self.type.source == CertificateSource.speakers:
            raise NotFound
        self.choices = RuleChoices(self.event)

    def _form(self, target=None):
        return (HowForm if self.kind is HowRule else GroupForm)(choices=self.choices, target=target)

    def _change(self, change, summary, rule, kind=LogKind.change):
        """Store what a function makes of the dict of rules by their keys, which nobody else changes meanwhile."""
        type_ = self._lock()
        setattr(type_, self.column, dump(change(keyed(getattr(type_, self.column), self.kind)).values()))
        self._log(kind, f'{summary} of the type of certificate "{type_.title}"',
                  rule=in_english(rule_in_words(rule, self.choices)))


class RHTypeRuleBase(RHTypeRulesBase):
    """Base class for one of them."""

    def _process_args(self):
        RHTypeRulesBase._process_args(self)
        self.key = request.view_args['key']
        self.rule = keyed(getattr(self.type, self.column), self.kind).get(self.key)
        if self.rule is None:
            raise NotFound(_('This rule was deleted or changed meanwhile. Reload the page.'))


class RHAddTypeRule(RHTypeRulesBase):
    """Add one, after all others."""

    def _process(self):
        if len(getattr(self.type, self.column) or []) >= MAX_RULES:
            raise UserValueError(_('A type can have at most {} rules. Delete one first.').format(MAX_RULES))
        form = self._form()
        if form.validate_on_submit():
            rule = form.rule()
            self._change(lambda rules: {**rules, key_of(rule): rule}, 'Rule added', rule, LogKind.positive)
            flash(_('The rule has been added.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHEditTypeRule(RHTypeRuleBase):
    """Change one."""

    def _process(self):
        form = self._form(self.rule)
        if form.validate_on_submit():
            rule = form.rule()
            self._change(lambda rules: {key_of(one): one for one in (
                rule if key == self.key else other for key, other in rules.items())}, 'Rule changed', rule)
            flash(_('The rule has been changed.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHDeleteTypeRule(RHTypeRuleBase):
    """Delete one."""

    def _process(self):
        self._change(lambda rules: {key: rule for key, rule in rules.items() if key != self.key}, 'Rule deleted',
                     self.rule, LogKind.negative)
        flash(_('The rule has been deleted.'), 'success')
        return self._back_to_page()


class RHMoveTypeRule(RHTypeRuleBase):
    """Let one come before the one above it: the first that fits decides."""

    def _process(self):
        self._change(self._up, 'Rule moved', self.rule)
        flash(_('The rule has been moved up.'), 'success')
        return self._back_to_page()

    def _up(self, rules):
        keys = [*rules]
        place = keys.index(self.key) if self.key in rules else 0
        if place:
            keys[place - 1:place + 1] = keys[place], keys[place - 1]
        return {key: rules[key] for key in keys}


def keyed(stored, kind):
    """Return the groups or rules that a type has stored, in order, by their keys; two that say the same are one."""
    return {key_of(rule): rule for rule in parse(stored, kind)}


def key_of(rule):
    """Return the key of a group or rule: a checksum of what it says."""
    return zlib.crc32(msgspec.json.encode(rule))
