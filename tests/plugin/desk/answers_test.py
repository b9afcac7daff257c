"""Every answer to a scan, and that all of them have words."""

from itertools import product

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState as State

from indico_checkin_print.desk.answers import Answer, Facts, decide


@pytest.mark.parametrize(('facts', 'expected'), [
    ({}, Answer.welcome),
    ({'checked_in': True}, Answer.already_in),
    ({'state': State.unpaid}, Answer.not_paid),
    ({'state': State.unpaid, 'checked_in': True}, Answer.already_in),
    ({'checked_in': True, 'badge_waits': True}, Answer.welcome),
    ({'checked_in': True, 'badge_waits': True, 'state': State.unpaid}, Answer.not_paid),
    ({'checked_in': True, 'badge_waits': True, 'state': State.withdrawn}, Answer.withdrawn),
    ({'checked_in': True, 'badge_waits': True, 'blocked': True}, Answer.blocked),
    ({'state': State.withdrawn}, Answer.withdrawn),
    ({'state': State.withdrawn, 'checked_in': True}, Answer.withdrawn),
    ({'state': State.rejected}, Answer.rejected),
    ({'state': State.pending}, Answer.pending),
    ({'blocked': True}, Answer.blocked),
    ({'blocked': True, 'checked_in': True}, Answer.blocked),
    ({'blocked': True, 'state': State.unpaid}, Answer.blocked),
    ({'same_event': False}, Answer.other_event),
    ({'same_event': False, 'state': State.withdrawn}, Answer.other_event),
])
def test_answers(facts, expected):
    usual = {'same_event': True, 'state': State.complete, 'blocked': False, 'checked_in': False}
    assert decide(Facts(**usual | facts)) == expected


def test_nobody():
    assert decide(None) == Answer.unknown
    assert decide(None, unpaid_too=True) == Answer.unknown


def test_only_those_come_in_against_whom_nothing_speaks():
    for same_event, state, blocked, checked_in, waits, unpaid_too in product((0, 1), State, *[(0, 1)] * 4):
        answer = decide(Facts(same_event, state, blocked, checked_in, waits), unpaid_too=unpaid_too)
        good = state == State.complete or (unpaid_too and state == State.unpaid)
        assert (answer == Answer.welcome) == bool(same_event and good and not blocked and (waits or not checked_in))


def test_words():
    words = {str(answer.word) for answer in Answer}
    assert len(words) == len(Answer)
    assert all(answer.sentence for answer in Answer)
    assert [answer for answer in Answer if answer.tone == 'good'] == [Answer.welcome]
