"""Recovers what dead processes and silent agents leave stalled."""

from indico.core.db import db

from indico_checkin_print.ledger.batches import stop_returned
from indico_checkin_print.ledger.conditions import agents_away, may_have_arrived, paused
from indico_checkin_print.ledger.desks import desk_of_each, desks_for_jobs
from indico_checkin_print.ledger.states import (AGENT_TIMEOUT, EXPIRES_AFTER, GO_MARGIN, HELD_EXPIRES_AFTER,
                                                MAX_RENDERS, PRINT_WITHIN, RECEIVER_TIMEOUT, STILL_HERE)
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import draw_anew, move, recall, unassign_where
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import now


def sweep(actor='sweep'):
    """Recover what dead processes and silent agents left stalled. Return how many jobs were touched."""
    silent = db.session.query(Agent.id).filter(Agent.seen_dt < now(-AGENT_TIMEOUT)).scalar_subquery()
    unassign_where(Job.agent_id.in_(agents_away()))
    found = _find_desks(actor)
    moved = [
        *found,
        *move([Job.state == S.ready, Job.expires_dt <= now(), Job.purpose == Job.PURPOSE_BADGE, may_have_arrived()],
              S.unknown, Reason.no_answer, actor),
        *move([Job.state.in_(STILL_HERE), Job.expires_dt <= now()], S.expired,
              Reason.too_old, actor, lease_dt=None),
        *move([Job.state == S.rendering, Job.lease_dt < now(), Job.attempts >= MAX_RENDERS], S.failed,
              Reason.workers_died, actor, lease_dt=None),
        *move([Job.state == S.rendering, Job.lease_dt < now()], S.queued, Reason.worker_died, actor,
              lease_dt=None, next_try_dt=now()),
        *move([Job.state == S.dispatched, Job.agent_id.isnot(None),
               Job.dispatched_dt < now(-PRINT_WITHIN - GO_MARGIN)], S.unknown, Reason.go_timeout, actor),
        *move([Job.state == S.printing, Job.agent_id.in_(silent)], S.unknown, Reason.agent_silent, actor),
        *move([Job.state == S.printing, Job.agent_id.is_(None), Job.changed_dt < now(-RECEIVER_TIMEOUT)], S.unknown,
              Reason.receiver_silent, actor),
    ]
    # POSTs of which nobody knows any more
    returned = move([Job.state == S.dispatched, Job.agent_id.is_(None), Job.lease_dt < now()], S.ready,
                    Reason.worker_died, actor, lease_dt=None, next_try_dt=now())
    stop_returned(returned, actor)
    moved += returned
    draw_anew(moved, actor)
    return len(moved)


def _find_desks(actor):
    """Queue what was held for want of a desk and has one by now. Return the ids."""
    homeless = [Job.state == S.held, Job.reason == Reason.no_desk]
    ids = [id_ for id_, in db.session.query(Job.id).filter(*homeless)]
    desks = {id_: choice for id_, choice in desks_for_jobs(ids).items() if choice.desk_id is not None} if ids else {}
    if not desks:
        return []
    found = move([*homeless, Job.id.in_(desks)], S.queued, Reason.desk_found, actor, desk_id=desk_of_each(desks),
                 next_try_dt=now(), expires_dt=now(EXPIRES_AFTER.total_seconds()))
    recall([Job.id.in_(found), paused()], S.held, Reason.paused, actor,
           expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()))
    return found
