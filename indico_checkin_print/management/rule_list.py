"""What the lists of rules of an event have in common, those about desks and those about templates: rules are added,
changed, moved and deleted in one column of its `EventSetup`, and the event's log says so.
"""

from flask import flash, request
from werkzeug.exceptions import NotFound

from indico.modules.logs.models.entries import LogKind

from indico_checkin_print import _
from indico_checkin_print.management.base import RHCheckinPrintBase
from indico_checkin_print.management.setup.when import lock_setup, setup_of
from indico_checkin_print.routing.rules import dump, parse, unreadable


class RHRuleListBase(RHCheckinPrintBase):
    """Base class for the rules of one kind."""

    TAB = 'setup'

    #: The column, and the class of what is in it
    COLUMN, RULE = None, None

    @property
    def stored_rules(self):
        return parse(getattr(setup_of(self.event), self.COLUMN), self.RULE)

    def _change(self, change, summary, kind=LogKind.change, /, **data):
        """Store what a function makes of the list of rules, which nobody else changes meanwhile."""
        setup = lock_setup(self.event)
        stored = getattr(setup, self.COLUMN)
        if bad := unreadable(stored, self.RULE):
            # they were skipped until now; nothing is lost
            data['rules_that_could_not_be_read'] = str(bad)[:2000]
        setattr(setup, self.COLUMN, dump(change(list(parse(stored, self.RULE)))))
        self._log(kind, summary, **data)


class OneRule:
    """Mixin for what is done with one rule of a list."""

    def _process_args(self):
        super()._process_args()
        self.rules = self.stored_rules
        self.rule = next((rule for rule in self.rules if rule.id == request.view_args['rule_id']), None)
        if self.rule is None:
            raise NotFound(_('This rule was deleted meanwhile.'))

    def _move(self, summary, **data):
        """Move the rule to the place that the request names, which is counted from 1, and answer."""
        text = request.form.get('position', '')
        position = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        if not 1 <= position <= len(self.rules):
            flash(_('There is no such place. Reload the page.'), 'error')
        elif self.rules[position - 1].id != self.rule.id:
            self._change(lambda rules: moved(rules, self.rule.id, position), summary, to_place=position, **data)
            flash(_('The rule is now number {number} of {count}.').format(number=position, count=len(self.rules)),
                  'success')
        return self._back_to_page()


def with_rule(rules, rule, form):
    """Return the rules with what a dialog says, in the place of a rule or, if that is ``None``, after all others."""
    if rule is None:
        return [*rules, form.rule_with(max((other.id for other in rules), default=0) + 1)]
    return [form.rule_with(rule.id) if other.id == rule.id else other for other in rules]


def moved(rules, id_, position):
    """Return the rules with one of them at another place, which is counted from 1."""
    rule = next((rule for rule in rules if rule.id == id_), None)
    others = [other for other in rules if other.id != id_]
    return rules if rule is None else [*others[:position - 1], rule, *others[position - 1:]]
