"""Rules about templates: which one decides, and what is stored."""

from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.routing.rules import Accompanies, CheckedInBy, Facts, HasTag, dump, parse, unreadable
from indico_checkin_print.routing.template_rules import TemplateRule, first_rule


SPEAKER, STAFF = TemplateRule(1, 10, (HasTag((7,)),)), TemplateRule(2, 20, (HasTag((8,)),), True)
GUEST = TemplateRule(3, 30, (Accompanies(),))
RULES = (SPEAKER, STAFF, GUEST)


def test_the_first_that_fits_decides():
    assert first_rule(RULES, Facts(form_id=1, tags=frozenset({7, 8})), {10, 20, 30}) == (SPEAKER, 1)
    assert first_rule(RULES, Facts(form_id=1, tags=frozenset({8}), accompanies=True), {10, 20, 30}) == (STAFF, 2)
    assert first_rule(RULES, Facts(form_id=1), {10, 20, 30}) == (None, None)


def test_one_whose_template_was_deleted_fits_nobody():
    """The others keep their numbers, which stand on jobs."""
    assert first_rule(RULES, Facts(form_id=1, tags=frozenset({7, 8})), {20}) == (STAFF, 2)


def test_what_is_stored_is_read_as_it_was():
    assert parse(dump(RULES), TemplateRule) == RULES


def test_a_rule_about_what_the_fingerprint_lacks_cannot_be_read():
    stored = [*dump([STAFF]), {'id': 4, 'template': 40, 'when': [
        {'about': 'way', 'ways': [str(CheckinSource.app)]}]}]
    assert CheckedInBy((CheckinSource.app,)).holds(Facts(form_id=1))
    assert parse(stored, TemplateRule) == (STAFF,)
    assert unreadable(stored, TemplateRule) == [stored[1]]
