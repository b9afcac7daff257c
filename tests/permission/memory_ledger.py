"""The ledger in memory, quick enough for thousands of runs: what `agents` and `ledger` of the plugin do with jobs.

The decisions are the real ones (`plan`, `choose_printer`, `reported_block`, `MEANING`, `TRANSITIONS`); only rows are
Python's instead of PostgreSQL's. `memory_ledger_test` asks both the same and compares every answer and every row.
"""

from collections import Counter
from dataclasses import dataclass, field
from uuid import NAMESPACE_OID, uuid5

from print_agent.protocol import messages as protocol

from indico_checkin_print.agents.inbound import MEANING
from indico_checkin_print.agents.outbound import AT_AGENT, MAX_JOBS_PER_AGENT, Assigned, plan
from indico_checkin_print.errors import Replaced
from indico_checkin_print.ledger import UNREPORTED
from indico_checkin_print.ledger.skipped_printers import add_note, has_returned, skip_note
from indico_checkin_print.ledger.states import AGENT_TIMEOUT, EXPIRES_AFTER, GO_MARGIN, PRINT_WITHIN, TRANSITIONS
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from tests.permission.printers import Printers


S = JobState


@dataclass
class Row:
    """One job."""

    uuid: str
    number: int
    expires: float
    queue: float
    next_try: float
    state: JobState = S.ready
    reason: str = 'rendered'
    agent: int | None = None
    printer: str = ''
    dispatch: int = 0
    dispatched: float | None = None
    skipped_printers: list = field(default_factory=list)


class MemoryLedger:
    """One event with one desk, whose printers are those of all agents in order. Times are seconds of its own clock."""

    def __init__(self, document, sha256):
        self.now = 0.0
        self.rows = {}
        self.printers = Printers()
        self._document, self._sha256 = document, sha256

    # -- the world around it ------------------------------------------------------------------------------------------

    def add_printer(self, agent_id, printer):
        self.printers.add(agent_id, printer)

    def add_job(self, uuid):
        self.rows[uuid] = Row(uuid, len(self.rows), self.now + EXPIRES_AFTER.total_seconds(), self.now, self.now)

    def advance(self, seconds):
        self.now += seconds

    def snapshot(self):
        return {row.uuid: (row.state, row.reason, row.agent, row.printer, row.dispatch) for row in self.rows.values()}

    def document(self, agent_id, uuid, dispatch):
        row = self.rows.get(uuid)
        return self._document if row and (row.agent, row.dispatch) == (agent_id, dispatch) else None

    # -- inbound ------------------------------------------------------------------------------------------------------

    def hello(self, agent_id, link, message, *, resumed=False):
        agent = self.printers.agents[agent_id]
        if resumed and agent.link not in {'', link} and agent.is_heard_of(self.now):
            raise Replaced
        if agent.spool and agent.spool != message.spool:
            self._free_waiting(agent)
            for row in self._of(agent):
                if row.state == S.unknown and row.reason in UNREPORTED:
                    row.reason = 'spool_lost'
            self._move([row for row in self._of(agent) if row.state in {S.dispatched, S.printing}], S.unknown,
                       'spool_lost')
        agent.draining = agent.draining and resumed and agent.link == link
        agent.link, agent.spool = link, message.spool
        self.printers.heard_of(agent, self.now, message.printers)
        holding = {held.job: (held.dispatch, held.state) for held in message.holding}
        return holding, protocol.Welcome(name=agent.name, wanted=self.printers.wanted(agent_id))

    def receive(self, agent_id, link, message):
        agent = self._speaking(agent_id, link)
        match message:
            case protocol.Printers():
                self.printers.heard_of(agent, self.now, message.printers)
            case protocol.Heartbeat() | protocol.Accepted():
                self.printers.heard_of(agent, self.now)
            case protocol.Canceled():
                row = self._mine(agent, message)
                if row is not None and (row.state, row.reason) == (S.unknown, Reason.go_timeout):
                    self._report(row, S.ready, 'returned')
                elif row is not None and row.state == S.ready:
                    self._unassign(row, next_try=self.now + 2)
                return protocol.Ack(job=message.job, dispatch=message.dispatch, state='canceled')
            case protocol.Drain():
                agent.draining = True
                self._free_waiting(agent)
            case _ if type(message) in MEANING:
                self.printers.heard_of(agent, self.now)
                row = self._mine(agent, message)
                if row is not None and not self._is_overtaken(row, message):
                    state, reason = MEANING[type(message)]
                    reason = str(getattr(message, 'reason', '') or reason)
                    printer = row.printer
                    if self._report(row, state, reason):
                        self.printers.learn(agent.id, printer, message, reason, self.now)
                if isinstance(message, protocol.OUTCOMES):
                    return protocol.Ack(job=message.job, dispatch=message.dispatch,
                                        state=message.__struct_config__.tag)
        return None

    @staticmethod
    def _is_overtaken(row, message):
        return (isinstance(message, protocol.Printing) and row.state != S.dispatched
                and not (row.state == S.unknown and row.reason in UNREPORTED))

    # -- outbound -----------------------------------------------------------------------------------------------------

    def outgoing(self, agent_id, link, holding):
        agent = self._speaking(agent_id, link)
        jobs = {row.uuid: row for row in sorted(self._of(agent), key=_order)
                if row.state in AT_AGENT
                or (row.state == S.unknown and (row.uuid in holding or row.reason == Reason.go_timeout))}
        usable = self._usable(agent, jobs)
        self._free_for_older(agent, jobs)
        todo = plan([Assigned(row.uuid, row.dispatch, row.state, row.printer) for row in jobs.values()], holding,
                    usable)
        messages = [protocol.Cancel(job=uuid, dispatch=dispatch, reason='reassigned') for uuid, dispatch in todo.cancel]
        for uuid in todo.go:
            self._go(jobs[uuid])
        messages += [self._job_message(jobs[uuid], go=uuid in todo.go or jobs[uuid].state == S.dispatched)
                     for uuid in todo.send]
        messages += [protocol.Go(job=uuid, dispatch=jobs[uuid].dispatch, print_within=self._left(jobs[uuid]))
                     for uuid in (*todo.repeat_go, *(u for u in todo.go if u not in todo.send))]
        at_agent = sum(row.state in AT_AGENT for row in jobs.values())
        return messages + self._assign_more(agent, todo, most=MAX_JOBS_PER_AGENT - at_agent)

    def _usable(self, agent, jobs):
        blocked = {p['name']: self.printers.blocked_by(agent, p['name'], self.now) for p in agent.printers}
        loads = self._loads()
        for row in list(jobs.values()):
            code = blocked.get(row.printer, 'not_found')
            if row.state == S.ready and code and (
                    self.printers.is_open(agent.id, row.printer)
                    or self.printers.choose(row.skipped_printers, loads, self.now)[0]):
                note = skip_note(agent.id, agent.name, row.printer, code, returned=False)
                self._unassign(row, next_try=self.now, skipped_printers=add_note(row.skipped_printers, note))
                del jobs[row.uuid]
        return [name for name, code in blocked.items() if not code]

    def _free_for_older(self, agent, jobs):
        first, loads = {}, self._loads()
        for row in sorted(self.rows.values(), key=_order):
            if (row.state == S.ready and row.agent is None and row.dispatch > 0
                    and row.next_try <= self.now < row.expires):
                choice, _notes = self.printers.choose(row.skipped_printers, loads, self.now)
                if choice is not None and choice.agent_id == agent.id:
                    first.setdefault(choice.printer, _order(row))
        for row in list(jobs.values()):
            if row.state == S.ready and row.printer in first and first[row.printer] < _order(row):
                self._unassign(row, next_try=self.now)
                del jobs[row.uuid]

    def _assign_more(self, agent, todo, *, most):
        room, idle, messages = dict(todo.room), set(todo.idle), []
        loads = self._loads()
        due = sorted((row for row in self.rows.values() if row.state == S.ready and row.agent is None
                      and row.next_try <= self.now < row.expires), key=_order)
        for row in due[:max(0, min(sum(room.values()), most))]:
            choice, notes = self.printers.choose(row.skipped_printers, loads, self.now)
            if choice is None or choice.agent_id != agent.id or not room.get(choice.printer):
                continue
            go = choice.printer in idle
            row.agent, row.printer, row.dispatch = agent.id, choice.printer, row.dispatch + 1
            row.skipped_printers = notes
            if go:
                self._go(row)
            idle.discard(choice.printer)
            room[choice.printer] -= 1
            loads[agent.id, choice.printer] += 1
            messages.append(self._job_message(row, go=go))
        return messages

    def _go(self, row):
        others = [x for x in row.skipped_printers if (x['agent_id'], x['printer']) != (row.agent, row.printer)]
        self._move([row], S.dispatched, 'other_printer' if others else 'pushed', dispatched=self.now)

    def _loads(self):
        return Counter((row.agent, row.printer) for row in self.rows.values() if row.state in AT_AGENT)

    def _job_message(self, row, *, go):
        return protocol.Job(
            job=row.uuid, dispatch=row.dispatch, printer=row.printer, title='Badge', kind='badge', width_mm=96,
            height_mm=134, length=len(self._document), sha256=self._sha256, go=go,
            expires_in=max(0.0, row.expires - self.now), print_within=self._left(row) if go else float(PRINT_WITHIN))

    def _left(self, row):
        return max(0.0, row.dispatched + PRINT_WITHIN - self.now)

    # -- people and the sweep -----------------------------------------------------------------------------------------

    def sweep(self):
        agents = self.printers.agents.values()
        away = {a.id for a in agents if a.is_away(self.now)}
        silent = {a.id for a in agents if a.seen is not None and a.seen < self.now - AGENT_TIMEOUT}
        for row in self._in(S.ready):
            if row.agent in away:
                self._unassign(row)
        self._move([row for row in self._in(S.held, S.queued, S.ready, S.rendering) if row.expires <= self.now],
                   S.expired, 'too_old')
        self._move([row for row in self._in(S.dispatched) if row.agent is not None
                    and row.dispatched < self.now - PRINT_WITHIN - GO_MARGIN], S.unknown, Reason.go_timeout)
        self._move([row for row in self._in(S.printing) if row.agent in silent], S.unknown, 'agent_silent')

    def resolve(self, uuid, *, came_out):
        """A person answers whether a badge came out. Return the job's uuid from then on."""
        row = self.rows[uuid]
        if row.state != S.unknown:
            return uuid
        if came_out:
            self._move([row], S.completed, 'person_saw_it')
            return uuid
        self._move([row], S.failed, 'person_missed_it', uuid=str(uuid5(NAMESPACE_OID, uuid)))
        self.rows[row.uuid] = self.rows.pop(uuid)
        return row.uuid

    def retry(self, uuid):
        """A person asks for a badge that ended without paper; it is rendered at once."""
        row = self.rows[uuid]
        if self._move([row], S.queued, 'retried', dispatched=None, queue=self.now + .001,
                      next_try=self.now, dispatch=row.dispatch + 1, skipped_printers=[],
                      expires=self.now + EXPIRES_AFTER.total_seconds(), agent=None, printer=''):
            self._move([row], S.rendering, 'claimed')
            self._move([row], S.ready, 'rendered', next_try=self.now)

    def cancel(self, uuid):
        """A check-in is undone."""
        if self.rows[uuid].state in {S.held, S.queued, S.rendering, S.ready}:
            self._move([self.rows[uuid]], S.canceled, 'check_in_undone')

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _speaking(self, agent_id, link):
        agent = self.printers.agents[agent_id]
        if agent.link != link:
            raise Replaced
        return agent

    def _mine(self, agent, message):
        row = self.rows.get(message.job)
        return row if row is not None and (row.agent, row.dispatch) == (agent.id, message.dispatch) else None

    def _report(self, row, state, reason):
        if state != S.ready:
            return self._move([row], state, reason)
        wait = 2 if has_returned(row.skipped_printers, row.agent, row.printer) else 0
        note = skip_note(row.agent, self.printers.agents[row.agent].name, row.printer, str(reason), returned=True)
        return self._move([row], state, reason, next_try=self.now + wait, dispatched=None,
                          dispatch=row.dispatch + 1, agent=None, printer='',
                          skipped_printers=add_note(row.skipped_printers, note))

    def _free_waiting(self, agent):
        for row in self._of(agent):
            if row.state == S.ready:
                self._unassign(row)

    def _of(self, agent):
        return [row for row in self.rows.values() if row.agent == agent.id]

    def _in(self, *states):
        return [row for row in self.rows.values() if row.state in states]

    @staticmethod
    def _unassign(row, **values):
        for name, value in {**values, 'agent': None, 'printer': ''}.items():
            setattr(row, name, value)

    @staticmethod
    def _move(rows, to, reason, **values):
        moved = [row for row in rows if to in TRANSITIONS[row.state]]
        for row in moved:
            row.state, row.reason = to, str(reason)
            for name, value in values.items():
                setattr(row, name, value)
        return moved


def _order(row):
    return row.queue, row.number
