"""Template rules: the list on the tab *Set-up*, and what its buttons do."""

from dataclasses import replace

from flask import flash

from indico.core.errors import UserValueError
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.logs.models.entries import LogKind
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _
from indico_checkin_print.badge.pictures.check import faults_of
from indico_checkin_print.management.base import in_english
from indico_checkin_print.management.desk_rules.choices import RuleChoices
from indico_checkin_print.management.desk_rules.words import in_words, sentence, why_unreachable
from indico_checkin_print.management.rule_list import OneRule, RHRuleListBase, with_rule
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.management.template_rules.form import TemplateRuleForm
from indico_checkin_print.routing.rule_lint import Why, lint
from indico_checkin_print.routing.rules import Rule, parse, unreadable
from indico_checkin_print.routing.template_rules import MAX_TEMPLATE_RULES, TemplateRule


class RHTemplateRulesBase(RHRuleListBase):
    """Base class for the template rules of the event."""

    COLUMN, RULE = 'template_rules', TemplateRule

    def _describe(self, rule):
        """Return a rule for the log of the event."""
        template = DesignerTemplate.get(rule.template)
        return {'rule': in_english(sentence(rule, RuleChoices(self.event))),
                'template': template.title if template is not None else '-', 'backside': rule.backside,
                'fold': rule.fold.name, 'besides the badge': rule.adds, 'copies': rule.copies}


class RHTemplateRuleBase(OneRule, RHTemplateRulesBase):
    """Base class for one rule."""


class RHAddTemplateRule(RHTemplateRulesBase):
    """Add a rule, after all others."""

    def _process(self):
        if len(self.stored_rules) >= MAX_TEMPLATE_RULES:
            raise UserValueError(_('An event can have at most {} rules. Delete one first.').format(MAX_TEMPLATE_RULES))
        form = TemplateRuleForm(choices=RuleChoices(self.event))
        if form.validate_on_submit():
            self._change(lambda rules: with_rule(rules, None, form), 'Template rule added', LogKind.positive,
                         **self._describe(form.rule_with(1)))
            flash(_('The rule has been added. Badges that are not printed yet follow it.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHEditTemplateRule(RHTemplateRuleBase):
    """Change a rule."""

    def _process(self):
        form = TemplateRuleForm(choices=RuleChoices(self.event), target=self.rule)
        if form.validate_on_submit():
            self._change(lambda rules: with_rule(rules, self.rule, form), 'Template rule changed',
                         before=self._describe(self.rule)['rule'], **self._describe(form.rule_with(self.rule.id)))
            flash(_('The rule has been changed. Badges that are not printed yet follow it.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHDeleteTemplateRule(RHTemplateRuleBase):
    """Delete a rule."""

    def _process(self):
        self._change(lambda rules: [x for x in rules if x.id != self.rule.id], 'Template rule deleted',
                     LogKind.negative, **self._describe(self.rule))
        flash(_('The rule has been deleted.'), 'success')
        return self._back_to_page()


class RHMoveTemplateRule(RHTemplateRuleBase):
    """Move a rule to another place, which is counted from 1."""

    def _process(self):
        return self._move('Template rule moved', **self._describe(self.rule))


def template_rules_context(event):
    """Return what the box with the rules shows."""
    stored, choices = setup_of(event).template_rules, RuleChoices(event)
    rules = parse(stored, TemplateRule)
    templates = {tpl.id: tpl for tpl in DesignerTemplate.query.filter(
        DesignerTemplate.id.in_({rule.template for rule in rules}))} if rules else {}
    return {'template_rules': rules, 'unreadable_template_rules': len(unreadable(stored, TemplateRule)),
            'rule_templates': templates, 'rule_picture_faults': {id_: faults_of(tpl) for id_, tpl in templates.items()},
            'max_template_rules': MAX_TEMPLATE_RULES,
            'template_rule_words': {rule.id: in_words(rule, choices) for rule in rules},
            'template_rule_problems': _problems(rules, choices, frozenset(templates)) if rules else {}}


def _problems(rules, choices, templates):
    """Return why nobody reaches a rule, by its id: what is asked, or that another one comes first."""
    # to the lint a rule leads somewhere; here that is a template. One that adds something keeps no other from anybody
    known = replace(choices.known, desks=templates)
    found = lint([Rule(rule.id, 0 if rule.adds else rule.template, rule.when) for rule in rules], known)
    for rule in (rule for rule in rules if rule.adds):
        found.pop(rule.id, None)
        found |= lint([Rule(rule.id, rule.template, rule.when)], known)
    return {id_: _('Its template was deleted. Choose another one.') if problem.why == Why.desk_gone else
            why_unreachable(problem) for id_, problem in found.items()}
