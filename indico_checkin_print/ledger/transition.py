"""How the ledger changes rows: the state and its line of history in one statement. Only for this package."""

from indico.core.db import db

from indico_checkin_print.badge.content import is_current
from indico_checkin_print.ledger.news import announce_badges
from indico_checkin_print.ledger.states import STILL_HERE, TRANSITIONS
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import CHANNEL, notify, notify_agents, now


UNASSIGNED = {'agent_id': None, 'printer': ''}


def notify_desks(desk_ids):
    """Wake, on commit, all agents that have a printer at one of these desks."""
    # PostgreSQL delivers what is said twice in a transaction once
    notify(db.func.concat('agent ', DeskPrinter.agent_id),
           DeskPrinter.desk_id.in_({x for x in desk_ids if x is not None}))


def unassign_where(whose):
    """Free what agents hold without permission to print, and wake the others at its desk."""
    freed = db.session.execute(db.update(Job.__table__).where(Job.state == S.ready, whose)
                               .values(**UNASSIGNED).returning(Job.__table__.c.desk_id)).scalars().all()
    if freed:
        notify_desks(freed)


def recall(where, to, reason, actor, **values):
    """End or hold what was not yet on its way to paper; agents that hold it drop it. Return the ids."""
    where = [*where, Job.state.in_(STILL_HERE)]
    # in the order in which relays and corrections take them: two that lock in different orders end in a deadlock
    jobs = dict(db.session.query(Job.id, Job.agent_id).filter(*where)
                .order_by(Job.queue_dt, Job.id).with_for_update(key_share=True, of=Job).all())
    if not jobs:
        return []
    moved = move([*where, Job.id.in_(jobs)], to, reason, actor, lease_dt=None, **values)
    notify_agents({agent_id for agent_id in jobs.values() if agent_id is not None})
    return moved


def draw_anew(job_ids, actor):
    """Queue those of some jobs that have no permission to print and show what is no longer true. Return their ids."""
    if not job_ids:
        return []
    here = [Job.id.in_(job_ids), Job.state.in_([S.rendering, S.ready])]
    outdated = dict(db.session.query(Job.id, Job.agent_id).filter(*here, ~is_current()).all())
    if not outdated:
        return []
    # an agent that has the old badge prints it under no other number
    queued = move([*here, Job.id.in_(outdated)], S.queued, Reason.corrected, actor, lease_dt=None, next_try_dt=now(),
                  dispatch=Job.dispatch + 1, **UNASSIGNED)
    notify_agents({agent_id for agent_id in outdated.values() if agent_id is not None})
    if queued:
        notify('queued')
    return queued


def fresh(job_id):
    """Return a job as it is in the database now, whatever this session has read of it before."""
    return Job.query.populate_existing().filter_by(id=job_id).one()


def move(where, to, reason, actor, detail='', **values):
    """Change the state of all jobs that match and may change so; write their history. Return their ids.

    What webhooks ask to be notified of is announced to them, see `news`.
    """
    allowed = [state for state, following in TRANSITIONS.items() if to in following]
    moved = (db.update(Job.__table__)
             .where(Job.state.in_(allowed), *where)
             .values(state=to, reason=str(reason), detail=detail[:2000], **values,
                     # created later than this long transaction
                     changed_dt=db.func.greatest(Job.changed_dt, now()))
             .returning(Job.__table__.c.id, Job.__table__.c.desk_id)
             .cte('moved'))
    history = (db.insert(JobHistory.__table__)
            .from_select(['job_id', 'state', 'reason', 'detail', 'actor'],
                         db.select(moved.c.id, db.literal(to, JobHistory.state.type), db.literal(str(reason)),
                                   db.literal(detail[:2000]), db.literal(actor)))
            .returning(JobHistory.__table__.c.id, JobHistory.__table__.c.job_id)
            .cte('history'))
    # the boards of the desks are notified in the same statement
    notified = (db.select(db.func.count(db.func.pg_notify(CHANNEL, db.func.concat('desk ', moved.c.desk_id))))
                .where(moved.c.desk_id.isnot(None)).scalar_subquery())
    changed = db.session.execute(db.select(history.c.id, history.c.job_id, notified)).all()
    announce_badges([history_id for history_id, *__ in changed], to, actor)
    return [job_id for __, job_id, __ in changed]
