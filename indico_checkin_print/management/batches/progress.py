"""How far a batch is: how many badges are out, how many come out in a minute, and how long the rest will take."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.ledger.batches import UNDER_WAY
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.management.visibility import visible
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.sql import now


#: Over how many seconds the speed is measured, and the fewest that say something
MEASURED, MEASURED_AT_LEAST = 120, 10
#: Most batches in a list; as many may be open
MAX_LISTED = 20
S = JobState


@dataclass(frozen=True)
class Progress:
    """How far a batch, or its part at one desk, is. Sheets between the badges do not count."""

    total: int
    printed: int
    under_way: int
    waiting: int
    #: Failed, expired or unknown: somebody has to check them
    problems: int
    canceled: int
    desk: str = ''
    #: Badges in a minute; ``None`` while nobody can say
    per_minute: float | None = None

    @property
    def left(self):
        return self.under_way + self.waiting

    @property
    def has_ended(self):
        return not self.left

    @property
    def minutes_left(self):
        """How many minutes the rest takes at this speed, rounded up; ``None`` if nobody can say."""
        if not self.left or not self.per_minute:
            return None
        return max(1, -int(-self.left // self.per_minute))


def progress_of(batch):
    """Return the `Progress` of a batch, and a list with that of its part at each desk."""
    desks = _counts([batch.id])[batch.id]
    names = dict(db.session.query(Desk.id, Desk.name).filter(Desk.id.in_(x for x in desks if x is not None)).all())
    return (_progress(sum(desks.values(), Counter()), per_minute=None if batch.paused else _speed(batch)),
            [_progress(desks[id_], names.get(id_, '')) for id_ in sorted(desks, key=lambda id_: (id_ is None, id_))])


def batches_of(event):
    """Return the batches of an event, those that have not ended and then the newest first, with their `Progress`.

    Those with people whom the user may not see are left out: their figures would count them. What has ended is not
    counted each time that somebody's page is brought up to date: its `Progress` is ``None``.
    """
    batches = (db.session.query(Batch, _is_open())
               .filter(Batch.event_id == event.id, ~has_hidden(event))
               .options(joinedload('registration_form'))
               .order_by(_is_open().desc(), Batch.id.desc()).limit(MAX_LISTED).all())
    counts = _counts([batch.id for batch, is_open in batches if is_open])
    return [(batch, _progress(sum(counts[batch.id].values(), Counter())) if is_open else None)
            for batch, is_open in batches]


def has_hidden(event):
    """Return the condition for batches with people whom the user may not see."""
    conditions = visible(event)
    if not conditions:
        return db.literal(False)
    return db.session.query(Job.id).filter(Job.batch_id == Batch.id, db.not_(db.and_(*conditions))).exists()


def count_open(event):
    """Return how many batches of an event still have badges to print."""
    return Batch.query.filter(Batch.event_id == event.id, _is_open()).count()


def _is_open():
    return Job.query.filter(Job.batch_id == Batch.id, Job.state.in_([S.held, *UNDER_WAY])).exists()


def _counts(batch_ids):
    """Return how many badges are in which state, by batch and desk."""
    rows = (db.session.query(Job.batch_id, Job.desk_id, Job.state, db.func.count())
            .filter(Job.batch_id.in_(batch_ids), Job.purpose == Job.PURPOSE_BADGE)
            .group_by(Job.batch_id, Job.desk_id, Job.state)) if batch_ids else ()
    counts = defaultdict(lambda: defaultdict(Counter))
    for batch_id, desk_id, state, count in rows:
        counts[batch_id][desk_id][state] += count
    return counts


def _progress(counts, desk='', per_minute=None):
    return Progress(total=sum(counts.values()), printed=sum(counts[state] for state in OUT),
                    under_way=sum(counts[state] for state in UNDER_WAY), waiting=counts[S.held],
                    problems=counts[S.failed] + counts[S.expired] + counts[S.unknown], canceled=counts[S.canceled],
                    desk=desk, per_minute=per_minute)


def _speed(batch):
    """Return how many badges came out in a minute lately."""
    count, first = (db.session.query(db.func.count(), db.func.min(Job.changed_dt))
                    .filter(Job.batch_id == batch.id, Job.purpose == Job.PURPOSE_BADGE, Job.state.in_(OUT),
                            Job.changed_dt > now(-MEASURED)).one())
    # the first one says when it began, and not how long it took
    if count < 2:
        return None
    return (count - 1) * 60 / max(MEASURED_AT_LEAST, (now_utc() - first).total_seconds())
