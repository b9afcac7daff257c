"""The names that scenarios use for states are those of Indico and of the ledger."""

from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print.ledger.states import TRANSITIONS, JobState
from tests.stack import states


def test_registrations():
    assert {state.name: state.value for state in states.RegistrationState}.items() <= {
        state.name: state.value for state in RegistrationState}.items()


def test_jobs_that_have_not_ended():
    ended = {JobState.completed, JobState.sent, JobState.failed, JobState.expired, JobState.canceled, JobState.unknown}
    alive = [state for state in TRANSITIONS if state not in ended]
    assert states.sql_list(*alive) == states.NOT_ENDED
    assert states.sql_list(*(state for state in alive if state != JobState.held)) == states.UNDER_WAY
