"""What the desks of an event do now, in figures: what waits, how fast badges come out, what needs a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.diagnostics.standstill import WAITING
from indico_checkin_print.ledger.conditions import in_batch_queue
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.sql import now


#: Badges a minute are those of so long
RATE_OVER = timedelta(minutes=5)
#: How long badges take is said of those that came out in so long
SPEED_OVER = timedelta(minutes=15)
#: Of an event only so many of the latest badges are looked at for both: a hundred a minute
MAX_LATEST = 1500


@dataclass(frozen=True)
class Figures:
    """What one desk, or all of them together, does now."""

    #: Badges on their way, and since when (UTC) the first of them is: since its check-in, or its release
    waiting: int = 0
    oldest_dt: datetime | None = None
    held: int = 0
    failed: int = 0
    unknown: int = 0
    #: Badges that came out in `RATE_OVER`
    out: int = 0
    #: Seconds from the check-in until the badge was out: the median and the 95th percentile of those of `SPEED_OVER`
    #: that nothing held; ``None`` if there are none
    p50: float | None = None
    p95: float | None = None

    @property
    def per_minute(self):
        return self.out / (RATE_OVER / timedelta(minutes=1))

    @property
    def oldest_seconds(self):
        return max(0, round((now_utc() - self.oldest_dt).total_seconds())) if self.oldest_dt else None


def figures_of(event_id, conditions=()):
    """Return the `Figures` by the desk's id; by ``None`` those of badges without a desk, by ``'all'`` those of all.

    Badges are counted, test badges included, and no messages to webhooks. How long they took is said of badges of
    check-ins alone.

    :param conditions: Which jobs count, see `visibility`.
    """
    found = {}
    for row in (*_now(event_id, conditions), *_lately(event_id, conditions)):
        values = dict(row)
        # the line of a GROUPING SET that has all
        desk_id = 'all' if values.pop('is_total') else values.pop('desk_id')
        values.pop('desk_id', None)
        found.setdefault(desk_id, {}).update(values)
    return {desk_id: Figures(**values) for desk_id, values in found.items()}


def _now(event_id, conditions):
    def _count(*states):
        return db.func.count().filter(Job.state.in_(states))

    # nobody stands there for the badges of a batch
    waits = db.and_(Job.state.in_(WAITING), Job.batch_id.is_(None))
    return (db.session.query(Job.desk_id, db.func.grouping(Job.desk_id).label('is_total'),
                             _count(*WAITING).label('waiting'),
                             db.func.min(Job.queue_dt).filter(waits).label('oldest_dt'),
                             _count(JobState.held).label('held'), _count(JobState.failed).label('failed'),
                             _count(JobState.unknown).label('unknown'))
            .filter(Job.event_id == event_id, Job.webhook_id.is_(None), ~in_batch_queue(), *conditions,
                    Job.state.in_([*WAITING, JobState.held, JobState.failed, JobState.unknown]))
            .group_by(db.func.grouping_sets(db.tuple_(Job.desk_id), db.tuple_())).all())


def _lately(event_id, conditions):
    latest = (db.session.query(Job.id, Job.desk_id, Job.changed_dt, Job.created_dt, Job.checked_in_dt,
                               Job.reprint_of_id, Job.state)
              .filter(Job.event_id == event_id, Job.webhook_id.is_(None), ~in_batch_queue(), *conditions)
              .order_by(Job.id.desc()).limit(MAX_LATEST).subquery())
    job = latest.c
    was_held = (db.session.query(JobHistory.id)
                .filter(JobHistory.job_id == job.id, JobHistory.state == JobState.held).exists())
    # percentiles leave out what is NULL
    took = db.case([(db.and_(job.reprint_of_id.is_(None), ~was_held),
                     db.func.extract('epoch', job.changed_dt - job.checked_in_dt))])
    return (db.session.query(job.desk_id, db.func.grouping(job.desk_id).label('is_total'),
                             db.func.count().filter(job.changed_dt > now(-RATE_OVER.total_seconds())).label('out'),
                             *(db.func.percentile_cont(share).within_group(took).label(name)
                               for share, name in ((0.5, 'p50'), (0.95, 'p95'))))
            .filter(job.state.in_(OUT), job.changed_dt > now(-SPEED_OVER.total_seconds()))
            .group_by(db.func.grouping_sets(db.tuple_(job.desk_id), db.tuple_())).all())
