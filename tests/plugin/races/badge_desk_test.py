"""Two scans at the badge desk at the same moment print one badge."""

import pytest

from indico.modules.events.models.events import Event

from indico_checkin_print.desk.answers import Answer
from indico_checkin_print.desk.scan import scan_person
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.races.conftest import jobs_by_state, states_of


@pytest.fixture
def waiting(db, races, event, check_in, people):
    """The ids of an event, of somebody who was checked in at the entrance, and of the badge."""
    db.session.add(EventSetup(event=event, sources=['scan'], badge_desk=True))
    db.session.flush()
    job, = check_in(people[0])
    assert (job.state, job.reason) == (S.held, Reason.badge_desk)
    ids = event.id, people[0].id, job.id
    races.commit()
    return ids


@pytest.fixture
def scan(app, waiting):
    """A scan, as the page of the scan station sends it."""
    event_id, registration_id, __ = waiting

    def _scan():
        with app.test_request_context(f'/event/{event_id}/desk/scan/answer', method='POST'):
            return scan_person(Event.get(event_id), registration_id).answer
    return _scan


def test_the_second_scan_waits_for_the_first(db, races, waiting, scan):
    assert races.while_holding(scan, scan) == (Answer.welcome, Answer.already_in)
    assert states_of(waiting[2]) == [S.held, S.queued]
    assert jobs_by_state(db) == {waiting[2]: S.queued}


def test_at_once(db, races, waiting, scan):
    answers = races.at_once(*[scan] * 5)
    assert sorted(answers) == [Answer.already_in] * 4 + [Answer.welcome]
    assert states_of(waiting[2]) == [S.held, S.queued]
    assert jobs_by_state(db) == {waiting[2]: S.queued}
