"""What may become of a job, and how long each step may take. Only the rules; ``ledger`` carries them out."""

from datetime import timedelta

from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason


#: How long a process may render a badge before it is taken for dead, in seconds.
RENDER_LEASE = 30
#: How long it may be busy with one POST, in seconds.
POST_LEASE = 40
#: How long an agent has to hand a document to its printer after its go, in seconds.
PRINT_WITHIN = 30
#: Silence after which a job with a go counts as unknown: the agent's own time plus what the network may take.
GO_MARGIN = 15
#: An agent not heard of for so long while a badge is at its printer: a person must look.
AGENT_TIMEOUT = 90
#: A webhook's receiver that said that it prints a badge, and then nothing for so long: a person must look.
RECEIVER_TIMEOUT = 600
#: Badges are for people who stand at the desk.
EXPIRES_AFTER = timedelta(minutes=30)
#: Badges that wait for a payment or a person; who releases them gives them a new time to live.
HELD_EXPIRES_AFTER = timedelta(days=1)
#: Badges that print when somebody's ticket is scanned at the badge desk: nothing prints that nobody stands there for.
BADGE_DESK_EXPIRES_AFTER = timedelta(days=30)
#: Data for other systems is as good tomorrow.
DATA_EXPIRES_AFTER = timedelta(days=4)
#: After so many tries a job that cannot be rendered has failed.
MAX_RENDERS = 3
#: Documents of jobs that have ended are kept for so long.
DOCUMENT_RETENTION = timedelta(hours=1)

S = JobState
#: What may follow what. Illegal transitions cannot happen: the ledger only touches rows in a state that allows it.
TRANSITIONS = {
    # for another reason
    S.held: {S.held, S.queued, S.canceled, S.expired},
    S.queued: {S.held, S.rendering, S.canceled, S.expired},
    S.rendering: {S.held, S.queued, S.ready, S.failed, S.canceled, S.expired},
    # too old after a POST that may have arrived: unknown
    # queued: what it was drawn from has changed
    S.ready: {S.held, S.queued, S.dispatched, S.canceled, S.expired, S.failed, S.unknown},
    S.dispatched: {S.ready, S.printing, S.completed, S.sent, S.failed, S.unknown},
    S.printing: {S.ready, S.completed, S.sent, S.failed, S.unknown},
    # the receiver of a webhook may still say what became of it, or return it
    S.sent: {S.ready, S.printing, S.completed, S.failed, S.unknown},
    # the agent's own answer, or a person's, decides it
    S.unknown: {S.ready, S.printing, S.completed, S.sent, S.failed},
    S.failed: {S.queued, S.canceled},
    S.expired: {S.queued},
    S.canceled: {S.queued},
    S.completed: set(),
}
#: Why a badge is held for what is on it: a correction of that queues it again.
CORRECTABLE = (Reason.no_name, Reason.missing_glyphs, Reason.lost_picture)
#: In these states it is not on its way to paper yet.
STILL_HERE = (S.held, S.queued, S.rendering, S.ready)
#: In these states the badge is out, as far as anybody can say.
OUT = {S.completed, S.sent}
#: In these states the badge is, or may be, on paper.
MAY_BE_OUT = {S.dispatched, S.printing, S.completed, S.sent, S.unknown}
#: In these states a job with an agent counts as being there.
AT_AGENT = (S.ready, S.dispatched, S.printing)
ENDED = {S.completed, S.sent, S.failed, S.expired, S.canceled, S.unknown}
