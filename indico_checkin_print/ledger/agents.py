"""What agents get and what they say: prefetch, permission to print, outcomes."""

from indico.core.db import db

from indico_checkin_print.badge.content import is_current
from indico_checkin_print.ledger.batches import stop_returned
from indico_checkin_print.ledger.conditions import still_wanted
from indico_checkin_print.ledger.skipped_printers import add_note, has_returned, skip_note
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import UNASSIGNED, draw_anew, move, notify_desks, recall, unassign_where
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.reasons.printer import describe_reason
from indico_checkin_print.sql import now


#: Reasons of an unknown badge whose outcome its agent has not reported yet.
UNREPORTED = (Reason.go_timeout, Reason.agent_silent)


def assign(job, agent, printer, actor, *, go, skipped_printers=None):
    """Assign a ready job, which the caller has locked, to an agent's printer.

    Return the number of this dispatch, or ``None`` if it may not print any more.

    :param go: Whether that is permission to print, or only a prefetch.
    :param skipped_printers: The notes of the job from now on (see `Job.skipped_printers`), if they changed.
    """
    notes = job.skipped_printers if skipped_printers is None else skipped_printers
    values = {'agent_id': agent.id, 'printer': printer, 'dispatch': job.dispatch + 1}
    if skipped_printers is not None:
        values['skipped_printers'] = skipped_printers
    if go and not move([Job.id == job.id, still_wanted(), is_current()], S.dispatched, actor=actor, dispatched_dt=now(),
                       **_where_to(agent.id, printer, notes), **values):
        return None
    if not go:
        db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(**values))
    return values['dispatch']


def grant(job, actor):
    """Give permission to print a job that an agent holds already. Return nothing if it may not print any more."""
    return move([Job.id == job.id, Job.state == S.ready, Job.agent_id.isnot(None), Job.dispatch == job.dispatch,
                 still_wanted(), is_current()], S.dispatched, actor=actor, dispatched_dt=now(),
                **_where_to(job.agent_id, job.printer, job.skipped_printers))


def drop_or_redraw(jobs, actor):
    """End those of some jobs without a go that nobody wants any more; what shows something old is drawn anew.

    Return the ids of what is queued for that.
    """
    if not jobs:
        return []
    ids = [job.id for job in jobs]
    recall([Job.id.in_(ids), ~still_wanted()], S.canceled, Reason.no_longer_wanted, actor, **UNASSIGNED)
    return draw_anew(ids, actor)


def _where_to(agent_id, printer, notes):
    """Return reason and detail of a go: which printer, and which others did not print it, why."""
    others = [f'{x["printer"]}: {describe_reason(x["reason"])}' for x in notes
              if (x['agent_id'], x['printer']) != (agent_id, printer)]
    return {'reason': Reason.other_printer if others else Reason.granted, 'detail': '; '.join([printer, *others])}


def report(job, state, reason, detail, actor):
    """Enter what became of a job according to the agent or receiver that has it. Nothing happens if that is no news."""
    if state == S.ready:
        return _returned(job, reason, detail, actor)
    return move([Job.id == job.id], state, reason, actor, detail, lease_dt=None)


def _returned(job, reason, detail, actor):
    if job.is_about_person and (job.registration is None or job.registration.is_deleted):
        # nobody wants it any more, and its document may be gone with the registration
        return move([Job.id == job.id], S.failed, Reason.registration_gone, actor, lease_dt=None)
    values = dict(UNASSIGNED, dispatched_dt=None, next_try_dt=now(2))
    if job.agent_id is not None:
        # another printer may take it at once; to the same one it should not go back and forth
        wait = 2 if has_returned(job.skipped_printers, job.agent_id, job.printer) else 0
        note = skip_note(job.agent_id, job.agent.name, job.printer, str(reason), returned=True)
        values |= {'next_try_dt': now(wait), 'skipped_printers': add_note(job.skipped_printers, note)}
    since = job.dispatched_dt
    # the next dispatch has another number: about the same one the agent would only repeat that it returned it
    moved = move([Job.id == job.id], S.ready, reason, actor, detail, dispatch=Job.dispatch + 1, **values)
    if moved:
        notify_desks([job.desk_id])
        stop_returned(moved, actor, since)
        # what has changed meanwhile prints as it is now
        draw_anew(moved, actor)
    return moved


def skip_printer(job, reason):
    """Free a job that an agent holds without permission to print, because its printer cannot print it now."""
    note = skip_note(job.agent_id, job.agent.name, job.printer, reason, returned=False)
    db.session.execute(db.update(Job.__table__)
                       .where(Job.id == job.id, Job.state == S.ready, Job.dispatch == job.dispatch)
                       .values(next_try_dt=now(), skipped_printers=add_note(job.skipped_printers, note), **UNASSIGNED))


def unassign(job, *, wait=2):
    """Free a job that an agent dropped, or will drop, before it had permission to print.

    :param wait: For how many seconds nobody gets it.
    """
    db.session.execute(db.update(Job.__table__)
                       .where(Job.id == job.id, Job.state == S.ready, Job.dispatch == job.dispatch)
                       .values(next_try_dt=now(wait), **UNASSIGNED))


def unassign_waiting(agent):
    """Free what an agent holds without permission to print: it stops, or lost its memory."""
    unassign_where(Job.agent_id == agent.id)


def spool_lost(agent):
    """An agent came back without its memory: what it had permission to print may have come out or not."""
    unassign_waiting(agent)
    # nor can it still report on what it had fallen silent about
    db.session.execute(db.update(Job.__table__)
                       .where(Job.agent_id == agent.id, Job.state == S.unknown, Job.reason.in_(UNREPORTED))
                       .values(reason=str(Reason.spool_lost)))
    return move([Job.agent_id == agent.id, Job.state.in_([S.dispatched, S.printing])], S.unknown, Reason.spool_lost,
                f'agent:{agent.id}')
