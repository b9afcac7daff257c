"""What an agent says, entered into the ledger. The same for a websocket, for a poll and for a webhook's callback.

Everything here is idempotent, because agents say things at least once.
"""

from datetime import timedelta
from uuid import UUID

import msgspec

from indico.core.db import db
from indico.util.date_time import now_utc

from print_agent.protocol import messages

from indico_checkin_print import ledger
from indico_checkin_print.agents import printer_health, tech_calls
from indico_checkin_print.credentials import digest
from indico_checkin_print.errors import Replaced, Revoked
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing import printer_breaker
from indico_checkin_print.sql import notify


#: How each message of an agent reads in the ledger: state, and the reason if the agent gives none.
MEANING = {
    messages.Printing: (JobState.printing, Reason.at_printer),
    messages.Completed: (JobState.completed, Reason.printed),
    messages.Sent: (JobState.sent, Reason.handed_over),
    messages.Failed: (JobState.failed, Reason.printer_failed),
    messages.Unknown: (JobState.unknown, Reason.printer_unsure),
    messages.Returned: (JobState.ready, Reason.returned),
    messages.Refused: (JobState.failed, Reason.agent_refused),
}


def authenticate(token):
    """Return the id of the agent with this token, or ``None``."""
    if not token.startswith(messages.TOKEN_PREFIX) or len(token) > 100:
        return None
    return db.session.query(Agent.id).filter_by(token_hash=digest(token), revoked_dt=None).scalar()


def token_digests():
    """Return the digests of all tokens that `authenticate` knows."""
    return frozenset(digest for digest, in db.session.query(Agent.token_hash)
                     .filter(Agent.token_hash.isnot(None), Agent.revoked_dt.is_(None)))


def speaking_agent(agent_id, link, *, lock=False):
    """Return the agent if `link` is the one it speaks through; raise `Replaced` otherwise.

    With `lock` nobody else decides anything about its printers until the end of the transaction.
    """
    query = Agent.query.filter_by(id=agent_id).populate_existing()
    agent = (query.with_for_update() if lock else query).one()
    if agent.revoked_dt is not None or agent.link != link:
        raise Revoked if agent.revoked_dt is not None else Replaced
    return agent


def hello(agent_id, link, message, *, resumed=False):
    """Begin a link: the newest one speaks for the agent. Return (what it holds, the welcome for it).

    :param resumed: Whether the link began earlier, as with each poll after the first answer. It speaks for the agent
                    again only if a newer one ended or fell silent.
    """
    agent = Agent.query.filter_by(id=agent_id).populate_existing().with_for_update().one()
    if agent.revoked_dt is not None:
        raise Revoked
    if resumed and agent.link not in {'', link} and agent.is_heard_of:
        raise Replaced
    was_connected = agent.is_connected
    if agent.spool and agent.spool != message.spool:
        ledger.spool_lost(agent)
    if not resumed or agent.link != link:
        agent.draining = False
    agent.link = link
    agent.spool = message.spool
    agent.software = message.software
    _heard_of(agent, message)
    if not was_connected:
        _notify_boards(agent)
    holding = {held.job: (held.dispatch, held.state) for held in message.holding}
    return holding, messages.Welcome(name=agent.name, wanted=_wanted(agent))


def _wanted(agent):
    """Return the names of an agent's printers that desks use."""
    used = (db.session.query(DeskPrinter.printer.distinct())
            .join(Desk, Desk.id == DeskPrinter.desk_id)
            .filter(DeskPrinter.agent_id == agent.id, ~Desk.is_deleted)
            .order_by(DeskPrinter.printer))
    return tuple(name for name, in used.limit(messages.MAX_PRINTERS))


def receive(agent_id, link, message):
    """Enter one message of an agent. Return the answer, or ``None``."""
    agent = speaking_agent(agent_id, link)
    match message:
        case messages.Printers():
            _heard_of(agent, message)
        case messages.Heartbeat() | messages.Accepted():
            _heard_of(agent)
        case messages.Canceled():
            return _canceled(agent, message)
        case messages.CallAnswer():
            tech_calls.answer(agent, message)
        case messages.Drain():
            agent.draining = True
            db.session.flush()
            _notify_boards(agent)
            ledger.unassign_waiting(agent)
        case _ if type(message) in MEANING:
            _heard_of(agent)
            return _outcome(agent, message)
    return None


def note(holding, message):
    """Note what an agent says about a job in what it holds (see `outbound.plan`)."""
    if isinstance(message, messages.Unknown):
        # a question now, until somebody answers it
        holding[message.job] = (message.dispatch, messages.HeldState.unknown)
    elif isinstance(message, messages.OUTCOMES):
        if holding.get(message.job, (None,))[0] == message.dispatch:
            del holding[message.job]
    elif isinstance(message, messages.Printing) and message.job in holding:
        holding[message.job] = (message.dispatch, messages.HeldState.printing)


def enter_outcome(job, message, actor):
    """Enter what became of a job. An agent's own reason is kept; one it does not give has Indico's words."""
    state, reason = MEANING[type(message)]
    reason = getattr(message, 'reason', '') or reason
    agent, printer = job.agent, job.printer
    if ledger.report(job, state, reason, getattr(message, 'detail', ''), actor) and agent is not None:
        _learn(agent, printer, message, str(reason))


def _learn(agent, printer, message, reason):
    match message:
        case messages.Completed() | messages.Sent() if reason != 'person_saw_it':
            printer_health.works(agent, printer)
        case messages.Failed() | messages.Returned() | messages.Unknown() if printer_breaker.blames_printer(reason):
            is_open = printer_health.failed(agent, printer, reason)
            if printer_breaker.is_out_of_order(message, reason, is_open=is_open):
                ledger.retry_canceled(agent, printer, timedelta(seconds=printer_breaker.POLICY.window))


def gone(agent_id, link):
    """A link ended: what has no go yet is free at once, unless the agent speaks through another link by now."""
    agent = Agent.query.filter_by(id=agent_id, link=link).populate_existing().with_for_update().first()
    if agent is not None:
        agent.link = ''
        agent.draining = True
        db.session.flush()
        _notify_boards(agent)
        ledger.unassign_waiting(agent)


def still_there(links):
    """Note that agents were heard of through these links just now; return those that do not speak any more.

    :param links: link -> agent id
    """
    rows = db.session.execute(
        db.update(Agent.__table__)
        .where(Agent.link.in_(links), Agent.revoked_dt.is_(None))
        .values(seen_dt=now_utc()).returning(Agent.__table__.c.link)).scalars().all()
    return set(links) - set(rows)


def _outcome(agent, message):
    job = _find(message.job)
    if (job is not None and job.agent_id == agent.id and job.dispatch == message.dispatch
            and not _is_overtaken(job, message)):
        enter_outcome(job, message, f'agent:{agent.id}')
    # a word about an older dispatch is acknowledged too: the agent may forget it
    if isinstance(message, messages.OUTCOMES):
        return messages.Ack(job=message.job, dispatch=message.dispatch, state=message.__struct_config__.tag)
    return None


def _is_overtaken(job, message):
    """Return whether an agent says that a badge is being printed whose outcome it has reported before.

    Nobody would report the outcome once more.
    """
    return (isinstance(message, messages.Printing) and job.state != JobState.dispatched
            and not (job.state == JobState.unknown and job.reason in ledger.UNREPORTED))


def _canceled(agent, message):
    job = _find(message.job)
    if job is not None and job.agent_id == agent.id and job.dispatch == message.dispatch:
        if job.state == JobState.unknown and job.reason == Reason.go_timeout:
            # it never got the job, or never its go
            ledger.report(job, JobState.ready, Reason.returned, '', f'agent:{agent.id}')
        else:
            ledger.unassign(job)
    return messages.Ack(job=message.job, dispatch=message.dispatch, state='canceled')


def is_uuid(text):
    """Return whether the database can look for this id."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _find(uuid):
    if not is_uuid(uuid):
        return None
    return Job.query.populate_existing().filter_by(uuid=uuid).with_for_update().first()


def _heard_of(agent, message=None):
    """Note that an agent is there and, from a message with its printers, how they are."""
    agent.seen_dt = now_utc()
    if message is not None:
        agent.left_out = message.left_out
        before, agent.printers = agent.printers, msgspec.to_builtins(message.printers)
        if before != agent.printers:
            printer_health.reported(agent, before, agent.printers)
            _notify_boards(agent)


def _notify_boards(agent):
    notify(db.func.concat('desk ', DeskPrinter.desk_id), DeskPrinter.agent_id == agent.id)
