"""Which template a person's badge is drawn with: a chain of which the first that there is decides.

What somebody chose for this print, else a template rule of the event, else what the registration form prints, else the
default badge of the category, else the simple badge that is always there. So nobody stands at a desk without a badge
because a template was deleted; which level it was is kept on the job.
"""

from dataclasses import dataclass
from typing import Any

from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.designer.util import get_default_badge_on_category

from indico_checkin_print.badge.builtin import builtin_template
from indico_checkin_print.badge.fold import folded_size
from indico_checkin_print.models.choices import Fold, TemplateLevel
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.routing.rules import Facts, FormIs, answer, needs_of, parse
from indico_checkin_print.routing.template_rules import TemplateRule, added_by, first_rule


@dataclass(frozen=True)
class TemplateChoice:
    """A template, and why it is that one."""

    #: A `DesignerTemplate`
    template: Any
    level: TemplateLevel
    #: The template of the other side, if that is printed, and where
    backside: Any = None
    fold: Fold = Fold.none
    #: The number of the rule, counted from 1, if one decided
    rule: int | None = None

    @property
    def size(self):
        """The width and height of its pages, in pixels of the designer."""
        return folded_size(self.template.data['width'], self.template.data['height'], self.fold)

    @property
    def is_two_sided(self):
        """Whether the backside is on a page of its own."""
        return self.backside is not None and self.fold == Fold.none

    @property
    def facts(self):
        """What is kept of it on the job (`Job.facts`)."""
        return {'level': str(self.level), 'template': self.template.id, 'rule': self.rule}


@dataclass(frozen=True)
class Part:
    """One of the documents of a person, and how many of it print."""

    choice: TemplateChoice
    copies: int = 1


def choose_template(registration, setup, person='', *, asked=None):
    """Return the `TemplateChoice` for a badge of a registration.

    :param setup: The `FormSetup` of its form.
    :param person: The id of an accompanying person, or ``''`` for the registrant.
    :param asked: The template that somebody chose for this print.
    """
    if asked is not None:
        return _choice(asked, TemplateLevel.asked, setup)
    return choose_parts(registration, setup, person)[0].choice


def choose_parts(registration, setup, person=''):
    """Return each `Part` of what prints for a registration when nobody asks for a template: the badge comes first."""
    rules = template_rules(registration.event_id)
    if not rules:
        return [Part(form_choice(setup))]
    templates = {template.id: template for template in DesignerTemplate.query.filter(
        DesignerTemplate.id.in_({rule.template for rule in rules}))}
    facts = _facts(registration, person, needs_of(rules))
    rule, number = first_rule(rules, facts, templates)
    badge = (Part(form_choice(setup)) if rule is None else
             Part(_choice(templates[rule.template], TemplateLevel.rule, rule, number), rule.copies))
    return [badge, *(Part(_choice(templates[rule.template], TemplateLevel.rule, rule), rule.copies)
                     for rule in added_by(rules, facts, templates))]


def form_choice(setup):
    """Return the `TemplateChoice` for people of a form whom no template rule fits.

    :param setup: The `FormSetup` of the form.
    """
    if setup.template is not None:
        return _choice(setup.template, TemplateLevel.form, setup)
    return default_choice(setup.registration_form.event, setup)


def choices_of(setup, rules=(), *, with_added=False):
    """Return each `TemplateChoice` that people of a form may get: its own first, then those of template rules.

    :param setup: The `FormSetup` of the form.
    :param rules: What `template_rules` returns for the event.
    :param with_added: Also those of what rules add to the badge.
    """
    mine = [rule for rule in rules if (with_added or not rule.adds) and all(
        setup.registration_form_id in condition.forms for condition in rule.when if isinstance(condition, FormIs))]
    templates = {template.id: template for template in DesignerTemplate.query.filter(
        DesignerTemplate.id.in_({rule.template for rule in mine}))} if mine else {}
    return [form_choice(setup), *(_choice(templates[rule.template], TemplateLevel.rule, rule, rules.index(rule) + 1)
                                  for rule in mine if rule.template in templates)]


def default_choice(event, setup=None):
    """Return the `TemplateChoice` for people of a form that has no template.

    :param setup: The `FormSetup` of the form, if it has one.
    """
    if (template := get_default_badge_on_category(event.category)) is not None:
        return _choice(template, TemplateLevel.category, setup)
    return TemplateChoice(builtin_template(), TemplateLevel.builtin)


def template_rules(event_id):
    """Return the `TemplateRule` objects of an event, in order."""
    setup = EventSetup.query.get(event_id)
    return parse(setup.template_rules, TemplateRule) if setup is not None else ()


def _choice(template, level, sides, number=None):
    """Return a choice.

    :param sides: What says whether and where the backside is printed: a `FormSetup` or a `TemplateRule`.
    """
    if sides is None or not sides.backside or template.backside_template is None:
        return TemplateChoice(template, level, rule=number)
    return TemplateChoice(template, level, template.backside_template, sides.fold, number)


def _facts(registration, person, needs):
    """Return the `Facts` of a registration that is at hand; `ledger.rule_facts` loads them for many."""
    answers = {}
    if needs.fields:
        # what was asked in a field or a section that is deleted now is no answer any more
        answers = {field.id: answer(data.data) for data in registration.data
                   if (field := data.field_data.field).id in needs.fields
                   and not field.is_deleted and not field.parent.is_deleted}
    return Facts(form_id=registration.registration_form_id,
                 tags=frozenset(tag.id for tag in registration.tags) if needs.tags else frozenset(),
                 answers=answers, accompanies=bool(person))
