"""The states of jobs and registrations, by the names that the plugin and Indico give them, for SQL in scenarios."""

from enum import IntEnum

from indico_checkin_print.models.states import JobState as JobState


class RegistrationState(IntEnum):
    """Those of Indico's `RegistrationState` that scenarios set; to import that would load all of Indico."""

    withdrawn = 4
    unpaid = 5


def sql_list(*states):
    """Return states as SQL lists them: ``(1, 2)``."""
    return f'({", ".join(str(int(state)) for state in states)})'


#: Jobs that have not come to an end, and those of them that a process or an agent is to act on
NOT_ENDED = sql_list(*(state for state in JobState if state < JobState.completed))
UNDER_WAY = sql_list(*(state for state in JobState if JobState.held < state < JobState.completed))
