"""Desk rules: where badges come out that no device and no volunteer has a desk for, before the desk of their form."""

from flask import flash, request

from indico.core.errors import UserValueError
from indico.modules.logs.models.entries import LogKind
from indico.util.date_time import format_date
from indico.web.util import jsonify_data, jsonify_template

from indico_checkin_print import _
from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.management.base import WPCheckinPrint, in_english
from indico_checkin_print.management.desk_rules.choices import RuleChoices
from indico_checkin_print.management.desk_rules.form import RuleForm
from indico_checkin_print.management.desk_rules.load import bars, find, likely_day
from indico_checkin_print.management.desk_rules.words import in_words, sentence, why_there, why_unreachable
from indico_checkin_print.management.rule_list import OneRule, RHRuleListBase, with_rule
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.routing.rule_lint import lint
from indico_checkin_print.routing.rules import MAX_RULES, Rule, parse, unreadable


class RHRulesBase(RHRuleListBase):
    """Base class for the desk rules of the event."""

    COLUMN, RULE = 'desk_rules', Rule


class RHRuleBase(OneRule, RHRulesBase):
    """Base class for one rule."""

    def _words(self):
        return in_english(sentence(self.rule, RuleChoices(self.event)))


class RHRules(RHRulesBase):
    """Return the list of rules, which the page's script asks for after each change."""

    def _process(self):
        return WPCheckinPrint.render_template_func('desk_rules.html', event=self.event, **rules_context(self.event))


class RHRuleBars(RHRulesBase):
    """Return how many people each desk gets by the rules."""

    def _process(self):
        return _show_bars(self.event, self.stored_rules)


class RHPreviewRule(RHRulesBase):
    """Return how many people each desk would get if the rule in the dialog were saved."""

    def _process(self):
        rules = self.stored_rules
        id_ = request.form.get('rule_id', '')
        rule = next((rule for rule in rules if str(rule.id) == id_), None)
        form = RuleForm(choices=RuleChoices(self.event), target=rule)
        if not form.validate_on_submit():
            return WPCheckinPrint.render_template_func('desk_rule_errors.html', errors=[
                (form[name].label.text, error) for name, errors in form.errors.items() if name in form
                for error in errors])
        return _show_bars(self.event, with_rule(list(rules), rule, form))


class RHTryRules(RHRulesBase):
    """Return which desk somebody gets, and why."""

    def _process(self):
        name = request.args.get('name', '').strip()
        found, more, too_many = [], False, False
        try:
            if name:
                found, more = find(self.event, self.stored_rules, name)
        except TooManyPeople:
            too_many = True
        return WPCheckinPrint.render_template_func('desk_rule_try.html', name=name, found=found, more=more,
                                                   too_many=too_many, why_there=why_there)


class RHAddRule(RHRulesBase):
    """Add a rule, after all others."""

    def _process(self):
        if len(self.stored_rules) >= MAX_RULES:
            raise UserValueError(_('An event can have at most {} rules. Delete one first.').format(MAX_RULES))
        form = RuleForm(choices=RuleChoices(self.event))
        if form.validate_on_submit():
            self._change(lambda rules: with_rule(rules, None, form), 'Desk rule added', LogKind.positive,
                         **_loggable(form))
            flash(_('The rule has been added. It holds for check-ins from now on.'), 'success')
            return jsonify_data(flash=False)
        return _dialog(self.event, form)


class RHEditRule(RHRuleBase):
    """Change a rule."""

    def _process(self):
        form = RuleForm(choices=RuleChoices(self.event), target=self.rule)
        if form.validate_on_submit():
            self._change(lambda rules: with_rule(rules, self.rule, form), 'Desk rule changed', before=self._words(),
                         **_loggable(form))
            flash(_('The rule has been changed. It holds for check-ins from now on.'), 'success')
            return jsonify_data(flash=False)
        return _dialog(self.event, form)


class RHDeleteRule(RHRuleBase):
    """Delete a rule."""

    def _process(self):
        self._change(lambda rules: [rule for rule in rules if rule.id != self.rule.id], 'Desk rule deleted',
                     LogKind.negative, rule=self._words())
        flash(_('The rule has been deleted.'), 'success')
        return self._back_to_page()


class RHMoveRule(RHRuleBase):
    """Move a rule to another place, which is counted from 1."""

    def _process(self):
        return self._move('Desk rule moved', rule=self._words())


def rules_context(event):
    """Return what the box with the rules shows."""
    stored = setup_of(event).desk_rules
    rules, choices = parse(stored), RuleChoices(event)
    problems = lint(rules, choices.known) if rules else {}
    return {'desk_rules': rules, 'unreadable_rules': len(unreadable(stored)), 'rule_choices': choices,
            'rule_words': {rule.id: in_words(rule, choices) for rule in rules},
            'rule_problems': {id_: why_unreachable(why) for id_, why in problems.items()}}


def _dialog(event, form):
    return jsonify_template('desk_rule_dialog.html', _render_func=WPCheckinPrint.render_template_func, event=event,
                            form=form)


def _show_bars(event, rules):
    return WPCheckinPrint.render_template_func('desk_rule_bars.html', bars=bars(event, rules),
                                               day=format_date(likely_day(event), 'full'))


def _loggable(form):
    return {'rule': in_english(sentence(form.rule_with(1), form.rule_choices)),
            'desk': form.rule_choices.desks[form.desk_id.data]}
