"""Types of certificates in words: whom they are for, and how those people attended."""

from indico_checkin_print import _
from indico_checkin_print.certificates.types import HowRule, Who
from indico_checkin_print.management.desk_rules.words import sentence
from indico_checkin_print.models.choices import CertificateSource
from indico_checkin_print.routing.rules import parse


def people_in_words(type_, choices):
    """Return whom a type is for, as one phrase for each group.

    :param choices: The `RuleChoices` of the event.
    """
    if type_.source == CertificateSource.speakers:
        return [_('Speakers of what is in the timetable')]
    if type_.who is None:
        return [_('Everybody')]
    return [sentence(group, choices) for group in parse(type_.who, Who)] or [_('Nobody yet')]


def rule_in_words(rule, choices):
    """Return a group or a rule as one line."""
    words = sentence(rule, choices)
    return f'{words} → {rule.how}' if isinstance(rule, HowRule) else words
