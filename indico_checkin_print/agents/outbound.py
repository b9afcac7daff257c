"""What an agent is sent next: jobs, goes and cancels. The same for a websocket and for a poll.

`plan` is pure; `outgoing` reads what it needs from the ledger and lets the ledger write down what was decided before
anything is sent. What an agent holds is what it said in its ``hello`` plus what was sent to it since, so
a link that breaks loses nothing: the next ``hello`` shows which messages never arrived.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import contains_eager, joinedload

from indico.core.db import db
from indico.util.date_time import now_utc

from print_agent.protocol.messages import Ack, Cancel, Go, HeldState

from indico_checkin_print import kick, ledger, sql
from indico_checkin_print.agents import precedence
from indico_checkin_print.agents.candidates import Candidates, open_breakers
from indico_checkin_print.agents.inbound import is_uuid, speaking_agent
from indico_checkin_print.ledger.conditions import due
from indico_checkin_print.ledger.states import AT_AGENT, PRINT_WITHIN, RENDER_LEASE
from indico_checkin_print.messages.envelope import job_message
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.printer import blocked_by


#: Jobs that wait at the agent for each printer, those with a go included.
MAX_JOBS_PER_PRINTER = 4
#: A badge of a batch goes only to a printer with fewer jobs, so that who comes waits for two sheets at most. One prints
#: and the next is there: the printer never waits either.
MAX_JOBS_WITH_BATCH = 2
#: In these states nobody has answered yet whether a badge came out.
STILL_ASKED = {JobState.ready, JobState.dispatched, JobState.printing, JobState.unknown}
#: How long a badge waits for one before it that is still being made, in seconds.
RENDER_WAIT = 2
#: Most jobs at one agent, however many printers it has: it keeps their documents in memory or on disk.
MAX_JOBS_PER_AGENT = 40
#: What a job's message is made of, besides its desk
_FOR_MESSAGE = (joinedload('document'), joinedload('registration'))


@dataclass(frozen=True)
class Assigned:
    """A job that the ledger says is at the agent."""

    uuid: str
    dispatch: int
    state: JobState
    printer: str


@dataclass(frozen=True)
class Plan:
    """What follows from comparing the ledger with what the agent holds."""

    #: (uuid, dispatch) the agent holds and must drop
    cancel: tuple = ()
    #: uuids to send (again): the agent does not have them
    send: tuple = ()
    #: uuids whose go the agent never got
    repeat_go: tuple = ()
    #: uuids to grant a go now
    go: tuple = ()
    #: how many more jobs each printer takes
    room: dict = None
    #: printers whose next job may carry its go with it
    idle: frozenset = frozenset()


def plan(assigned, holding, printers):
    """Compare the ledger with what the agent holds.

    :param assigned: `Assigned` jobs in the order in which they are to be printed.
    :param holding: uuid -> (dispatch, state) of what the agent holds or was sent on this link.
    :param printers: Names of the agent's printers that take work.
    :return: A `Plan`.
    """
    ours = {job.uuid: job for job in assigned}
    cancel = tuple((uuid, dispatch) for uuid, (dispatch, state) in holding.items()
                   if state in {HeldState.waiting, HeldState.go, HeldState.printing}
                   and (uuid not in ours or ours[uuid].dispatch != dispatch))
    # What never arrived, or never got its go, is only released by the agent's own word: what it says about its
    # holding may have been on its way for long.
    cancel += tuple((job.uuid, job.dispatch) for job in assigned if job.state == JobState.unknown
                    and holding.get(job.uuid, (job.dispatch, HeldState.waiting)) == (job.dispatch, HeldState.waiting))
    send = tuple(job.uuid for job in assigned
                 if job.state in {JobState.ready, JobState.dispatched}
                 and (job.uuid not in holding or holding[job.uuid][0] != job.dispatch))
    repeat_go = tuple(job.uuid for job in assigned
                      if job.state == JobState.dispatched
                      and holding.get(job.uuid) == (job.dispatch, HeldState.waiting))
    go, room, idle = [], {}, set()
    for printer in printers:
        jobs = [job for job in assigned if job.printer == printer and job.state in AT_AGENT]
        under_way = [job for job in jobs if job.state == JobState.dispatched]
        at_printer = [job for job in jobs if job.state == JobState.printing]
        # one badge at the printer, and one with permission behind it: the printer never waits for the network
        if not under_way and len(at_printer) < 2:
            waiting = next((job for job in jobs if job.state == JobState.ready), None)
            if waiting:
                go.append(waiting.uuid)
            else:
                idle.add(printer)
        room[printer] = max(0, MAX_JOBS_PER_PRINTER - len(jobs))
    return Plan(cancel=cancel, send=send, repeat_go=repeat_go, go=tuple(go), room=room, idle=frozenset(idle))


def outgoing(agent_id, link, holding):
    """Decide what an agent is sent now, and write it down in the ledger. The caller commits before it sends.

    :param link: The link that asks; raises `Replaced` if the agent speaks through another one by now.
    :param holding: See `plan`.
    :return: A list of messages. Each `print_agent.protocol.messages.Job` among them goes with its document.
    """
    agent = speaking_agent(agent_id, link, lock=True)
    actor = f'agent:{agent.id}'
    jobs = {job.uuid: job for job in
            Job.query.populate_existing()
            .filter(Job.agent_id == agent.id,
                    db.or_(Job.state.in_(AT_AGENT),
                           # the agent may still report what became of these
                           db.and_(Job.state == JobState.unknown,
                                   db.or_(Job.uuid.in_(holding), Job.reason == Reason.go_timeout))))
            .order_by(Job.queue_dt, Job.id)}
    breakers = open_breakers([agent.id])
    printers = _usable(agent, jobs, breakers)
    precedence.free_for_people(agent, jobs, breakers)
    precedence.free_for_older(agent, jobs, breakers)
    todo = plan([Assigned(job.uuid, job.dispatch, job.state, job.printer) for job in jobs.values()], holding, printers)
    messages = _answered(agent, holding)
    messages += [Cancel(job=uuid, dispatch=dispatch, reason='reassigned') for uuid, dispatch in todo.cancel]
    # one that may not print any more gets none, and the agent drops it the next time
    undone = {uuid for uuid in todo.go if not ledger.grant(jobs[uuid], actor)}
    _drop_or_redraw([jobs[uuid] for uuid in undone], actor)
    if todo.send:
        # what their messages are made of, in one query
        Job.query.filter(Job.uuid.in_(todo.send)).options(*_FOR_MESSAGE, joinedload('desk')).all()
    left = _seconds_left(u for u in (*todo.send, *todo.repeat_go) if jobs[u].state == JobState.dispatched)
    messages += [job_message(jobs[uuid], go=uuid in todo.go or uuid in left, print_within=left.get(uuid, PRINT_WITHIN),
                             agent_id=agent.id)
                 for uuid in todo.send if uuid not in undone]
    messages += [Go(job=uuid, dispatch=jobs[uuid].dispatch, print_within=left.get(uuid, PRINT_WITHIN))
                 for uuid in (*todo.repeat_go, *(u for u in todo.go if u not in undone and u not in todo.send))]
    at_agent = sum(job.state in AT_AGENT for job in jobs.values())
    return messages + _assign_more(agent, todo, actor, breakers, most=MAX_JOBS_PER_AGENT - at_agent)


def _answered(agent, holding):
    """Return what a person answered here to questions that an agent still asks: whether a badge came out."""
    asked = {uuid: dispatch for uuid, (dispatch, state) in holding.items() if state == 'unknown' and is_uuid(uuid)}
    if not asked:
        return []
    states = dict(db.session.query(Job.uuid, Job.state).filter(Job.uuid.in_(asked), Job.agent_id == agent.id))
    # a badge that did not come out has another uuid by now
    return [Ack(job=uuid, dispatch=dispatch,
                state='completed' if states.get(uuid) in {JobState.completed, JobState.sent} else 'failed')
            for uuid, dispatch in asked.items() if states.get(uuid) not in STILL_ASKED]


def agents_with_outgoing():
    """Return the ids of all agents at whose desks a badge waits for a printer."""
    return {agent_id for agent_id, in
            db.session.query(DeskPrinter.agent_id.distinct())
            .join(Job, Job.desk_id == DeskPrinter.desk_id)
            .filter(due(JobState.ready), Job.webhook_id.is_(None))}


def _usable(agent, jobs, breakers):
    """Return the names of an agent's printers that take work; release what waits for others.

    :param jobs: What is at the agent, by uuid; what is released is taken out.
    """
    now = now_utc()
    blocked = {name: blocked_by(agent, name, breakers.get((agent.id, name)), now)
               for name in (p['name'] for p in agent.printers)}
    stuck = [job for job in jobs.values()
             if job.state == JobState.ready and blocked.get(job.printer, 'not_found')]
    others = Candidates({job.desk for job in stuck if job.desk}) if stuck else None
    for job in stuck:
        # with nowhere to go it waits here, and is at hand when the printer works again
        if (agent.id, job.printer) in breakers or (job.desk and others.choose(job)[0]):
            ledger.skip_printer(job, blocked.get(job.printer, 'not_found'))
            del jobs[job.uuid]
    return [name for name, code in blocked.items() if not code]


def _seconds_left(uuids):
    """Return for how many seconds the permission to print jobs is still good, by uuid.

    It runs from the moment when it was given, however often it is said: the server gives up a margin later.
    """
    uuids = list(uuids)
    if not uuids:
        return {}
    age = db.extract('epoch', sql.now() - Job.dispatched_dt)
    return {uuid: max(0.0, PRINT_WITHIN - float(seconds))
            for uuid, seconds in db.session.query(Job.uuid, age).filter(Job.uuid.in_(uuids))}


def _assign_more(agent, todo, actor, breakers, *, most):
    room, idle, messages = {name: free for name, free in todo.room.items() if free}, set(todo.idle), []
    if not room or most <= 0:
        return []
    jobs = _oldest_at_desks(agent, room, most)
    if not jobs:
        return []
    candidates, others, refused = Candidates({job.desk for job in jobs}, {agent.id: breakers}), set(), []
    for job in jobs:
        choice, notes = candidates.choose(job)
        if choice is None:
            continue
        if choice.agent_id != agent.id:
            if choice.load < MAX_JOBS_PER_PRINTER:
                # it may have asked while this transaction held the job
                others.add(choice.agent_id)
            continue
        kept = 0 if job.batch_id is None else MAX_JOBS_PER_PRINTER - MAX_JOBS_WITH_BATCH
        if room.get(choice.printer, 0) <= kept or len(messages) == most:
            continue
        go = choice.printer in idle
        dispatch = ledger.assign(job, agent, choice.printer, actor, go=go, skipped_printers=notes)
        if dispatch is None:
            refused.append(job)
            continue
        idle.discard(choice.printer)
        room[choice.printer] -= 1
        candidates.assigned(choice)
        messages.append(job_message(job, go=go, printer=choice.printer, dispatch=dispatch, agent_id=agent.id))
    _drop_or_redraw(refused, actor)
    sql.notify_agents(others)
    return messages


def _drop_or_redraw(jobs, actor):
    if ledger.drop_or_redraw(jobs, actor):
        # the relay would find them itself, but seconds later
        kick.after_commit()


def _oldest_at_desks(agent, room, most):
    """Lock and return what waits where an agent has room, the oldest first.

    From each desk as much as its printers take: one where nothing prints must not hide another one.
    """
    free = Counter()
    for desk_id, printer in (db.session.query(DeskPrinter.desk_id, DeskPrinter.printer)
                             .filter(DeskPrinter.agent_id == agent.id, DeskPrinter.printer.in_(room))):
        free[desk_id] += room[printer]
    desk_ids = list(free)
    if len(desk_ids) > 1:  # most agents have one
        desk_ids = [x for x, in db.session.query(Job.desk_id.distinct())
                    .filter(Job.desk_id.in_(desk_ids), due(JobState.ready))]
    jobs = []
    for desk_id in desk_ids:
        jobs += (Job.query.populate_existing()
                 .join(Desk, Desk.id == Job.desk_id)
                 .filter(Job.desk_id == desk_id, Desk.webhook_id.is_(None),
                         Job.webhook_id.is_(None), due(JobState.ready), ~_one_before_is_being_made())
                 .options(*_FOR_MESSAGE, contains_eager('desk'))
                 .order_by(Job.queue_dt, Job.id)
                 .limit(min(free[desk_id], most))
                 .with_for_update(skip_locked=True, of=Job))
    return sorted(jobs, key=lambda job: (job.queue_dt, job.id))


@cache
def _one_before_is_being_made():
    """Return the condition for jobs that wait a moment for the one before them: two workers may overtake each other.

    Only for a moment: a worker that died must not hold up a desk. A badge of a batch waits until the other one's lease
    ends, because nobody stands there and a pile has to be in order.
    """
    before = db.aliased(Job)
    since = db.case([(Job.batch_id.is_(None), sql.now(RENDER_LEASE - RENDER_WAIT))], else_=sql.now())
    return (db.session.query(before.id)
            .filter(before.desk_id == Job.desk_id, before.state == JobState.rendering,
                    before.lease_dt > since,
                    db.tuple_(before.queue_dt, before.id) < db.tuple_(Job.queue_dt, Job.id))
            .exists())
