"""Badges that are made before check-in, of some people only."""

from tests.stack.manager import Manager
from tests.stack.scenarios.prepared import prepare_badges


def make(stack, people, say):
    """Have the badges of some people made; those of all others are drawn when they are checked in."""
    took = prepare_badges(stack, Manager(stack))
    say(f'all badges are made in {took:.0f} s; those of {len(people)} people are kept')
    ids = ', '.join(str(person['id']) for person in people)
    stack.postgres.sql('indico', f'DELETE FROM plugin_checkin_print.prepared WHERE registration_id NOT IN ({ids})')
