"""Who comes first at a printer: badges without a go are released from their agent if others are to print before them.

Nearly always the queue's order does it, as an agent gets what waits in that order. Here is what else may happen: a
badge comes back to the queue, and a person comes to a desk whose printer has badges of a batch.
"""

from sqlalchemy.orm import joinedload

from indico.core.db import db

from indico_checkin_print import ledger
from indico_checkin_print.agents.candidates import Candidates
from indico_checkin_print.ledger.conditions import due
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState


#: Most badges that wait for an agent among which those are found that come first
MAX_CONSIDERED = 40


def free_for_older(agent, jobs, breakers):
    """Unassign what waits here for its go if an older badge is to get the same printer, so that they print in order.

    That is so after an older badge was returned. Only such badges count, those that were assigned before, and only at
    the printer that takes them: one that waits for another printer would have the others unassigned and assigned
    once more for as long as it waits.

    :param jobs: What is at the agent, by uuid; what is unassigned is taken out.
    """
    waiting = [job for job in jobs.values() if job.state == JobState.ready and job.desk_id is not None]
    if not waiting:
        return
    first = {}
    for job, printer in _to_come(agent, breakers, Job.desk_id.in_({job.desk_id for job in waiting}), Job.dispatch > 0):
        first.setdefault((job.desk_id, printer), (job.queue_dt, job.id))
    for job in waiting:
        place = first.get((job.desk_id, job.printer))
        if place is not None and place < (job.queue_dt, job.id):
            ledger.unassign(job, wait=0)
            del jobs[job.uuid]


def free_for_people(agent, jobs, breakers):
    """Unassign badges of batches that wait here for their go if somebody at any desk is to get the same printer.

    :param jobs: What is at the agent, by uuid; what is unassigned is taken out.
    """
    waiting = [job for job in jobs.values() if job.state == JobState.ready and job.batch_id is not None]
    if not waiting:
        return
    desks = (db.select(DeskPrinter.desk_id)
             .where(DeskPrinter.agent_id == agent.id, DeskPrinter.printer.in_({job.printer for job in waiting})))
    wanted = {printer for __, printer in _to_come(agent, breakers, Job.desk_id.in_(desks), Job.batch_id.is_(None))}
    for job in waiting:
        if job.printer in wanted:
            ledger.unassign(job, wait=0)
            del jobs[job.uuid]


def _to_come(agent, breakers, *where):
    """Return what waits for one of an agent's printers and has none yet, with the printer, the oldest first."""
    waiting = (Job.query.filter(Job.webhook_id.is_(None), due(JobState.ready), *where)
               .options(joinedload('desk'))
               .order_by(Job.queue_dt, Job.id)
               .limit(MAX_CONSIDERED).all())
    if not waiting:
        return []
    candidates = Candidates({job.desk for job in waiting}, {agent.id: breakers})
    choices = [(job, candidates.choose(job)[0]) for job in waiting]
    return [(job, choice.printer) for job, choice in choices if choice is not None and choice.agent_id == agent.id]
