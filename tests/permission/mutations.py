"""Rules of the permission to print, each with a change that breaks it and what that would do to people.

`run_mutations` applies them one at a time in a copy of the packages, and tests must fail. `mutations_test` checks in
each run of the tests that every mutation still finds its rule.

Not here, because another rule keeps the promise alone:

- `on_cancel` for a badge at the printer: no relay cancels a dispatch that has a go by this
  link, or that a hello said is printing. The unit tests hold this rule.
- the next number when a badge is assigned, without the next number when it is returned: either of them is enough.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[2]
#: State machines over a ledger in memory.
STATE_MACHINES = ('tests/permission/regressions_test.py', 'tests/permission/state_machine_test.py',
                  'tests/permission/random_walk_test.py')
#: The comparison of the ledger in memory with the one in PostgreSQL.
COMPARED = ('tests/permission/memory_ledger_test.py',)
#: What changes while a badge waits.
CHANGED = ('tests/plugin/signals/corrections_test.py', 'tests/plugin/signals/corrections_at_the_go_test.py',
           'tests/plugin/signals/corrections_undone_test.py', 'tests/plugin/races')


class AnchorNotFound(Exception):
    """A mutation does not find its rule: a function was renamed or moved, or the rule was rewritten."""


@dataclass(frozen=True)
class Mutation:
    """One rule, broken."""

    #: module:function, module:Class.method or module:CONSTANT
    where: str
    #: Stands in it exactly once; how it is broken into lines does not matter.
    old: str
    new: str
    #: What the new text would do to people
    why: str
    #: The tests that must fail
    tests: tuple = STATE_MACHINES

    @property
    def path(self):
        """The file, from the project's root."""
        return Path(*self.where.partition(':')[0].split('.')).with_suffix('.py')

    def apply(self, source):
        """Return the source of the module with the rule broken."""
        lines = source.splitlines(keepends=True)
        node = self._definition(ast.parse(source))
        begin, end = node.lineno - 1, node.end_lineno
        # white space may stand between any two words or signs
        pattern = r'\s*'.join(map(re.escape, re.findall(r'\w+|[^\w\s]', self.old)))
        changed, count = re.subn(pattern, lambda _: self.new, ''.join(lines[begin:end]))
        if count != 1:
            raise AnchorNotFound(f'{self.where} has {count} times: {self.old}')
        return ''.join([*lines[:begin], changed, *lines[end:]])

    def _definition(self, node):
        for name in self.where.partition(':')[2].split('.'):
            node = next((child for child in node.body if name in _names(child)), None)
            if node is None:
                raise AnchorNotFound(f'There is no {self.where}; the rule was: {self.old}')
        return node


def _names(node):
    """Return the names that a statement defines."""
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []


def compared(where, old, new, why):
    return Mutation(f'indico_checkin_print.{where}', old, new, why, COMPARED)


def changed(where, old, new, why):
    return Mutation(f'indico_checkin_print.{where}', old, new, why, CHANGED)


DECISIONS, MANAGER, REGISTRY, HANDOVER, DEADLINES, WORKER = (
    f'print_agent.jobs.{name}' for name in ('decisions', 'manager', 'registry', 'handover', 'deadlines', 'worker'))
OUTBOUND, INBOUND = 'indico_checkin_print.agents.outbound', 'indico_checkin_print.agents.inbound'
MEMORY = 'tests.permission.memory_ledger:MemoryLedger'

MUTATIONS = (
    # -- the agent: what it decides
    Mutation(f'{DECISIONS}:on_job', 'if job.dispatch <= entry.dispatch:', 'if job.dispatch < entry.dispatch:',
             'a late copy of a message prints a badge that was returned and came out elsewhere'),
    Mutation(f'{DECISIONS}:on_go', 'if go.dispatch < entry.dispatch:', 'if False:',
             'a go of an earlier dispatch lets a badge print that has none now'),
    Mutation(f'{DECISIONS}:on_go', 'return OnMessage.act if entry.state is State.waiting else',
             'return OnMessage.act if entry.state in UNTOUCHED else',
             'a second copy of a go makes the first one last longer'),
    Mutation(f'{DECISIONS}:on_restart', 'if entry.state is State.go: return OnRestart.return_job',
             'if entry.state is State.go: return OnRestart.keep',
             'after a restart a badge waits for a clock that is gone'),
    Mutation(f'{DECISIONS}:on_restart', 'return OnRestart.reconcile', 'return OnRestart.return_job',
             'after a restart a badge is returned that may be on paper'),
    Mutation(f'{DECISIONS}:outcome_message', 'return p.Unknown(', 'return p.Returned(',
             'a badge that may be on paper is printed elsewhere'),
    Mutation(f'{DECISIONS}:outcome_message',
             'return p.Failed(job=job, dispatch=dispatch, reason=reason, detail=detail)',
             'return p.Completed(job=job, dispatch=dispatch)', 'a badge that never came out is called printed'),
    # -- the agent: what it does
    Mutation(f'{REGISTRY}:Registry.return_late', 'for seq, reason, detail in self.deadlines.over(now):',
             'for seq, *_ in ():',
             'a badge that cannot print in time is kept for ever'),
    Mutation(f'{MANAGER}:Jobs._return', 'if entry.state in UNTOUCHED and which(entry):', 'if which(entry):',
             'an agent that stops returns what the printer has'),
    Mutation(f'{REGISTRY}:Registry.grant', 'self.deadlines.grant(entry.seq, received + print_within)',
             'self.deadlines.grant(entry.seq, received + 2 * print_within)',
             'it prints after the server has given the badge up'),
    Mutation(f'{HANDOVER}:Handover.begin_submit',
             'if not self._registry.deadlines.may_begin(entry.seq, clock.now()):', 'if False:',
             'a laptop that slept prints on waking what came out elsewhere'),
    Mutation(f'{REGISTRY}:Registry.return_late', 'if entry is not None and entry.state in UNTOUCHED:',
             'if entry is not None and entry.state not in NOT_PRINTED:',
             'a badge is returned while CUPS is asked whether it has it'),
    Mutation(f'{MANAGER}:Jobs.cancel',
             'self._subscribers.notify(source, p.Canceled(job=cancel.job, dispatch=cancel.dispatch))', 'pass',
             'a badge that never reached the laptop stays unknown'),
    Mutation(f'{MANAGER}:Jobs.owed', 'if (end := decisions.outcome_message(entry)) is not None:',
             'if (end := decisions.outcome_message(entry)) is not None and entry.state is not State.completed:',
             'an outcome that was lost on its way is never said again'),
    Mutation(f'{REGISTRY}:Registry.start_clock', 'self.deadlines.grant(entry.seq, received + job.print_within)',
             'self.deadlines.grant(entry.seq, received + job.expires_in)',
             'a go that came with its badge lasts half an hour'),
    Mutation(f'{REGISTRY}:Registry.end', 'acked = not self._subscribers.wait_for(entry)', 'acked = True',
             'an outcome is taken for known that nobody has heard'),
    Mutation(f'{DEADLINES}:Deadlines.may_begin', 'return deadline is not None and now < deadline',
             'return deadline is not None', 'a go never ends'),
    Mutation(f'{DEADLINES}:Deadlines.over', 'if now >= deadline]', 'if now >= deadline + 3600]',
             'a badge that cannot print is kept for an hour'),
    Mutation(f'{DEADLINES}:Deadlines.grant', 'self._deadlines[seq] = until', 'self._deadlines[seq] = until + 30',
             'it prints after the server has given the badge up'),
    Mutation(f'{WORKER}:Worker._print', 'if exc.certain:', 'if True:',
             'CUPS did not answer, so the badge is submitted a second time'),
    Mutation(f'{WORKER}:Worker._reconcile', "Outcome('unknown', cause.reason, cause.detail)",
             "Outcome('returned', cause.reason, cause.detail)", 'CUPS is away, so its badge is printed elsewhere'),
    Mutation('print_agent.spool.queries:RENUMBER', 'SET dispatch = :dispatch, acked = 0 WHERE seq = :seq',
             'SET acked = 0 WHERE seq = :seq', 'an outcome names a dispatch that nobody asks for'),
    # -- the relay: what is said to an agent
    Mutation(f'{OUTBOUND}:plan',
             'holding.get(job.uuid, (job.dispatch, HeldState.waiting)) == (job.dispatch, HeldState.waiting)',
             'holding.get(job.uuid) == (job.dispatch, HeldState.waiting)',
             'a badge that never reached the laptop stays unknown'),
    Mutation(f'{OUTBOUND}:plan', 'if not under_way and len(at_printer) < 2:', 'if True:',
             'a whole queue has a go, and all of it is unknown when the laptop falls silent'),
    Mutation(f'{OUTBOUND}:plan', 'else: idle.add(printer)', 'if True: idle.add(printer)',
             'two badges get the go of one'),
    Mutation(f'{OUTBOUND}:plan', 'if state in {HeldState.waiting, HeldState.go, HeldState.printing} and',
             'if state in {HeldState.go, HeldState.printing} and',
             'a laptop keeps a badge that nobody wants any more'),
    Mutation(f'{INBOUND}:MEANING', 'messages.Unknown: (JobState.unknown, Reason.printer_unsure)',
             'messages.Unknown: (JobState.ready, Reason.returned)', 'a badge that may be on paper is printed again'),
    Mutation(f'{INBOUND}:MEANING', 'messages.Failed: (JobState.failed, Reason.printer_failed)',
             'messages.Failed: (JobState.completed, Reason.printed)', 'a badge that never came out is called printed'),
    Mutation('indico_checkin_print.ledger.states:TRANSITIONS',
             'S.unknown: {S.ready, S.printing, S.completed, S.sent, S.failed}', 'S.unknown: {S.ready, S.failed}',
             'the agent returns and says what became of it, and it is not noted'),
    # -- the ledger in memory: its rules are those of the one in PostgreSQL
    Mutation(f'{MEMORY}.hello', 'if row.state in {S.dispatched, S.printing}], S.unknown,',
             'if row.state in {S.dispatched, S.printing}], S.ready,',
             'what a lost disk may have printed is printed again'),
    Mutation(f'{MEMORY}.hello', 'if agent.spool and agent.spool != message.spool:', 'if False:',
             'a laptop with a new disk prints again what the old one printed'),
    Mutation(f'{MEMORY}.sweep', 'row.dispatched < self.now - PRINT_WITHIN - GO_MARGIN], S.unknown,',
             'row.dispatched < self.now - PRINT_WITHIN - GO_MARGIN], S.ready,',
             'a badge of which nothing was heard is printed elsewhere'),
    Mutation(f'{MEMORY}._mine', '(row.agent, row.dispatch) == (agent.id, message.dispatch)',
             'row.agent == agent.id', 'a late message about an earlier dispatch frees a badge that is printing'),
    Mutation(f'{MEMORY}.resolve', 'uuid=str(uuid5(NAMESPACE_OID, uuid))', 'uuid=uuid',
             'the laptop recognises a badge that it may have printed, and nobody gets it'),
    Mutation(f'{MEMORY}._free_waiting', 'if row.state == S.ready:', 'if True:',
             'what has a go is freed with what has none'),
    Mutation(f'{MEMORY}._assign_more', 'go = choice.printer in idle', 'go = True', 'a whole queue has a go'),
    # -- the ledger in PostgreSQL: it does what the one in memory does
    compared('agents.inbound:hello', 'if agent.spool and agent.spool != message.spool:', 'if False:',
             'a laptop with a new disk prints again what the old one printed'),
    compared('agents.inbound:_outcome', 'and job.dispatch == message.dispatch and not', 'and not',
             'a late message about an earlier dispatch frees a badge that is printing'),
    compared('agents.inbound:_outcome', 'and job.agent_id == agent.id and job.dispatch == message.dispatch',
             'and job.dispatch == message.dispatch', "an agent speaks about another one's badge"),
    compared('agents.inbound:_outcome', 'and not _is_overtaken(job, message)', '',
             'a badge that has ended is printing again, and nobody ends it'),
    compared('agents.inbound:hello', "if resumed and agent.link not in {'', link} and agent.is_heard_of:", 'if False:',
             'two laptops that poll throw each other out, and both get badges'),
    compared('agents.inbound:hello', 'if not resumed or agent.link != link:', 'if True:',
             'a laptop that stops gets new badges with its next poll'),
    compared('agents.inbound:_canceled', 'if job.state == JobState.unknown and job.reason == Reason.go_timeout:',
             'if job.state == JobState.unknown:', 'what a lost disk may have printed is printed again'),
    compared('agents.inbound:speaking_agent', 'if agent.revoked_dt is not None or agent.link != link:',
             'if agent.revoked_dt is not None:', 'two links decide at the same time what one printer gets'),
    compared('agents.outbound:_assign_more', 'go = choice.printer in idle', 'go = True', 'a whole queue has a go'),
    compared('agents.outbound:outgoing', 'if not ledger.grant(jobs[uuid], actor)', 'if False',
             'a go is sent of which the ledger knows nothing'),
    compared('agents.outbound:_assign_more', 'if choice.agent_id != agent.id:', 'if False:',
             'a badge goes to a printer that is chosen by another laptop'),
    compared('agents.precedence:free_for_older', 'if place is not None and place < (job.queue_dt, job.id):',
             'if False:', 'a badge that was returned comes out behind those that were scanned after it'),
    compared('ledger.agents:assign', "'dispatch': job.dispatch + 1", "'dispatch': job.dispatch",
             'a message about an earlier dispatch is taken for one about this one'),
    compared('ledger.agents:spool_lost', 'Job.state.in_([S.dispatched, S.printing])], S.unknown,',
             'Job.state.in_([S.dispatched, S.printing])], S.ready,',
             'what a lost disk may have printed is printed again'),
    compared('ledger.transition:unassign_where', 'where(Job.state == S.ready, whose)', 'where(whose)',
             'what has a go is freed with what has none'),
    compared('ledger.sweep:sweep', 'now(-PRINT_WITHIN - GO_MARGIN)], S.unknown,',
             'now(-PRINT_WITHIN - GO_MARGIN)], S.ready,', 'a badge of which nothing was heard is printed elsewhere'),
    compared('ledger.manual:resolve', "{'uuid': db.func.gen_random_uuid()}", '{}',
             'the laptop recognises a badge that it may have printed, and nobody gets it'),
    # -- what changed while a badge waits
    changed('ledger.agents:grant', 'still_wanted(), is_current()', 'is_current()',
            'somebody who was withdrawn gets a badge that their laptop had already'),
    changed('ledger.agents:assign', 'still_wanted(), is_current()', 'is_current()',
            'somebody who was withdrawn gets a badge'),
    changed('ledger.agents:grant', 'still_wanted(), is_current()', 'still_wanted()',
            'a badge prints what was corrected while it was drawn, if its laptop had it already'),
    changed('ledger.agents:assign', 'still_wanted(), is_current()', 'still_wanted()',
            'a badge prints what was corrected while it was drawn'),
    changed('ledger.transition:draw_anew', 'dispatch=Job.dispatch + 1, **UNASSIGNED', '**UNASSIGNED',
            'a laptop that has the old badge prints it under the number of the new one'),
    changed('ledger.corrections:_lock', '.with_for_update(key_share=True)', '',
            'a worker draws the old name while the new one is being written'),
    changed('ledger.agents:_returned', 'draw_anew(moved, actor)', 'pass',
            'a badge that is returned waits for its turn with what was corrected meanwhile'),
    changed('ledger.conditions:still_wanted', 'reg.checked_in_dt == Job.checked_in_dt', 'db.true()',
            'a badge prints for somebody whose check-in was undone'),
)
