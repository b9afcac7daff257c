"""Do the stories notice a broken rule? Each line below breaks one, in a copy of the packages; the tests must fail.

    .venv/server/bin/python -m tests.permission.mutations            # all of them
    .venv/server/bin/python -m tests.permission.mutations worker 7   # those of files with this name; the seventh

Run by hand after a change of the rules or of the stories: see docs/development.md. Nothing in the working tree is
touched. `mutations_test` looks in each run of the tests whether every mutation still finds its line.

Not here, because another rule keeps the promise alone:

- `on_cancel` for a badge at the printer: no relay cancels a dispatch that it gave a go on this link, or that a hello
  said is printing. The unit tests hold this rule.
- the next number when a badge is given away, without the next number when it is given back: either of them is enough.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[2]
#: What is copied; the stories and the tests among them.
COPIED = ('print_agent', 'indico_checkin_print', 'tests', 'setup.cfg', 'pyproject.toml')
HERE = 'tests/permission/'
#: Stories about a ledger in memory.
STORIES = ('tests/permission/regressions_test.py', 'tests/permission/state_machine_test.py')
#: The comparison of the ledger in memory with the one in PostgreSQL.
COMPARED = ('tests/permission/memory_ledger_test.py',)
#: What changes while a badge waits.
CHANGED = ('tests/plugin/corrections_test.py', 'tests/plugin/races_test.py')
#: A run without an end is no proof, in seconds.
TIMEOUT = 300


@dataclass(frozen=True)
class Mutation:
    """One rule, broken."""

    #: The file, from the project's root
    file: str
    #: Stands in it exactly once
    old: str
    new: str
    #: What the new text would do to people
    why: str
    #: The tests that must notice
    tests: tuple = STORIES


def compared(file, old, new, why):
    return Mutation(f'indico_checkin_print/{file}', old, new, why, COMPARED)


def changed(file, old, new, why):
    return Mutation(f'indico_checkin_print/{file}', old, new, why, CHANGED)


MUTATIONS = (
    # -- the agent: what it decides
    Mutation('print_agent/jobs/decisions.py', 'if job.dispatch <= entry.dispatch:', 'if job.dispatch < entry.dispatch:',
             'a late copy of a message prints a badge that was given back and came out elsewhere'),
    Mutation('print_agent/jobs/decisions.py', 'if go.dispatch < entry.dispatch:', 'if False:',
             'a permission of last time lets a badge print that has none this time'),
    Mutation('print_agent/jobs/decisions.py', 'return OnWord.act if entry.state is State.waiting else',
             'return OnWord.act if entry.state in UNTOUCHED else',
             'a second copy of a permission makes the first one last longer'),
    Mutation('print_agent/jobs/decisions.py', 'if entry.state is State.go:\n        return OnRestart.give_back',
             'if entry.state is State.go:\n        return OnRestart.keep',
             'after a restart a badge waits for a clock that is gone'),
    Mutation('print_agent/jobs/decisions.py', 'return OnRestart.reconcile', 'return OnRestart.give_back',
             'after a restart a badge is given back that may be on paper'),
    Mutation('print_agent/jobs/decisions.py', 'return p.Unknown(', 'return p.Returned(',
             'a badge that may be on paper is printed elsewhere'),
    Mutation('print_agent/jobs/decisions.py',
             'return p.Failed(job=job, dispatch=dispatch, reason=reason, detail=detail)',
             'return p.Completed(job=job, dispatch=dispatch)', 'a badge that never came out is called printed'),
    # -- the agent: what it does
    Mutation('print_agent/jobs/manager.py', 'for seq, reason, detail in self._deadlines.over(now):',
             'for seq, *_ in ():', 'a badge that cannot print in time is kept for ever'),
    Mutation('print_agent/jobs/manager.py', 'if entry.state in UNTOUCHED:\n                self._end',
             'if True:\n                self._end', 'an agent that stops gives back what the printer has'),
    Mutation('print_agent/jobs/manager.py', 'self._deadlines.grant(entry.seq, received + print_within)',
             'self._deadlines.grant(entry.seq, received + 2 * print_within)',
             'it prints after the server has given the badge up'),
    Mutation('print_agent/jobs/manager.py', 'if not self._deadlines.may_begin(entry.seq, clock.now()):', 'if False:',
             'a laptop that slept prints on waking what came out elsewhere'),
    Mutation('print_agent/jobs/manager.py', 'if entry is not None and entry.state in UNTOUCHED:',
             'if entry is not None and entry.state not in ENDED:',
             'a badge is given back while CUPS is asked whether it has it'),
    Mutation('print_agent/jobs/manager.py', 'self._say(source, p.Canceled(job=cancel.job, dispatch=cancel.dispatch))',
             'pass', 'a badge that never reached the laptop stays a riddle'),
    Mutation('print_agent/jobs/registry.py', 'if (end := decisions.end_message(entry)) is not None:',
             'if (end := decisions.end_message(entry)) is not None and entry.state is not State.completed:',
             'an outcome that was lost on its way is never said again'),
    Mutation('print_agent/jobs/registry.py', 'self._deadlines.grant(entry.seq, received + print_within)',
             'self._deadlines.grant(entry.seq, received + expires_in)',
             'a permission that came with its badge lasts half an hour'),
    Mutation('print_agent/jobs/registry.py', 'acked = not decisions.has_listener(entry)', 'acked = True',
             'an outcome is taken for known that nobody has heard'),
    Mutation('print_agent/jobs/deadlines.py', 'return deadline is not None and now < deadline',
             'return deadline is not None', 'a permission never ends'),
    Mutation('print_agent/jobs/deadlines.py', 'in self._deadlines.items() if now >= deadline]',
             'in self._deadlines.items() if now >= deadline + 3600]', 'a badge that cannot print is kept for an hour'),
    Mutation('print_agent/jobs/deadlines.py', 'self._deadlines[seq] = until', 'self._deadlines[seq] = until + 30',
             'it prints after the server has given the badge up'),
    Mutation('print_agent/jobs/worker.py', 'if exc.certain:', 'if True:',
             'CUPS did not answer, so the badge is handed over a second time'),
    Mutation('print_agent/jobs/worker.py', "self._jobs.ended(entry, Outcome('unknown', cause.reason, cause.detail))",
             "self._jobs.ended(entry, Outcome('returned', cause.reason, cause.detail))",
             'CUPS is away, so its badge is printed elsewhere'),
    Mutation('print_agent/spool/queries.py', 'SET dispatch = :dispatch, acked = 0 WHERE seq = :seq',
             'SET acked = 0 WHERE seq = :seq', 'an outcome is told about a time that nobody asks for'),
    # -- the relay: what is said to an agent
    Mutation('indico_checkin_print/agents/outbound.py',
             "and holding.get(job.uuid, (job.dispatch, 'waiting')) == (job.dispatch, 'waiting'))",
             "and holding.get(job.uuid) == (job.dispatch, 'waiting'))",
             'a badge that never reached the laptop stays a riddle'),
    Mutation('indico_checkin_print/agents/outbound.py', 'if not under_way and len(at_printer) < 2:', 'if True:',
             'a whole queue has permission, and all of it is a riddle when the laptop falls silent'),
    Mutation('indico_checkin_print/agents/outbound.py', '            else:\n                idle.add(printer)',
             '            idle.add(printer)', 'two badges get the permission of one'),
    Mutation('indico_checkin_print/agents/outbound.py', "if state in {'waiting', 'go', 'printing'} and",
             "if state in {'go', 'printing'} and", 'a laptop keeps a badge that nobody wants any more'),
    Mutation('indico_checkin_print/agents/inbound.py', 'messages.Unknown: (JobState.unknown, Reason.printer_unsure)',
             'messages.Unknown: (JobState.ready, Reason.returned)', 'a badge that may be on paper is printed again'),
    Mutation('indico_checkin_print/agents/inbound.py', 'messages.Failed: (JobState.failed, Reason.printer_failed)',
             'messages.Failed: (JobState.completed, Reason.printed)', 'a badge that never came out is called printed'),
    Mutation('indico_checkin_print/ledger/states.py', 'S.unknown: {S.ready, S.printing, S.completed, S.sent, S.failed}',
             'S.unknown: {S.ready, S.failed}', 'the agent returns and says what became of it, and nobody listens'),
    # -- the ledger in memory: its rules are those of the one in PostgreSQL
    Mutation(f'{HERE}memory_ledger.py', 'if row.state in {S.dispatched, S.printing}], S.unknown,',
             'if row.state in {S.dispatched, S.printing}], S.ready,',
             'what a lost disk may have printed is printed again'),
    Mutation(f'{HERE}memory_ledger.py', 'if agent.spool and agent.spool != message.spool:', 'if False:',
             'a laptop with a new disk prints again what the old one printed'),
    Mutation(f'{HERE}memory_ledger.py', 'and row.dispatched < self.now - PRINT_WITHIN - GO_MARGIN], S.unknown,',
             'and row.dispatched < self.now - PRINT_WITHIN - GO_MARGIN], S.ready,',
             'a badge of which nothing was heard is printed elsewhere'),
    Mutation(f'{HERE}memory_ledger.py', '(row.agent, row.dispatch) == (agent.id, message.dispatch)',
             'row.agent == agent.id', 'a late word about an earlier time frees a badge that is printing'),
    Mutation(f'{HERE}memory_ledger.py', 'uuid=str(uuid5(NAMESPACE_OID, uuid)))', 'uuid=uuid)',
             'the laptop recognises a badge that it may have printed, and nobody gets it'),
    Mutation(f'{HERE}memory_ledger.py', '            if row.state == S.ready:\n', '            if True:\n',
             'what has permission is freed with what has none'),
    Mutation(f'{HERE}memory_ledger.py', 'go = choice.printer in idle', 'go = True',
             'a whole queue has permission'),
    # -- the ledger in PostgreSQL: it does what the one in memory does
    compared('agents/inbound.py', 'if agent.spool and agent.spool != message.spool:', 'if False:',
             'a laptop with a new disk prints again what the old one printed'),
    compared('agents/inbound.py', ' and job.dispatch == message.dispatch\n            and not',
             '\n            and not', 'a late word about an earlier time frees a badge that is printing'),
    compared('agents/inbound.py', ' and job.agent_id == agent.id and job.dispatch == message.dispatch\n',
             ' and job.dispatch == message.dispatch\n', "an agent speaks about another one's badge"),
    compared('agents/inbound.py', 'and not _is_overtaken(job, message)', '',
             'a badge of which the end is known is being printed again, and nobody ends it'),
    compared('agents/inbound.py', "if resumed and agent.link not in {'', link} and agent.is_heard_of:", 'if False:',
             'two laptops that poll throw each other out, and both get badges'),
    compared('agents/inbound.py', 'if not resumed or agent.link != link:', 'if True:',
             'a laptop that stops gets new badges with its next poll'),
    compared('agents/inbound.py', 'if job.state == JobState.unknown and job.reason == Reason.go_timeout:',
             'if job.state == JobState.unknown:', 'what a lost disk may have printed is printed again'),
    compared('agents/inbound.py', 'if agent.revoked_dt is not None or agent.link != link:',
             'if agent.revoked_dt is not None:', 'two links decide at the same time what one printer gets'),
    compared('agents/outbound.py', 'go = choice.printer in idle', 'go = True', 'a whole queue has permission'),
    compared('agents/outbound.py', 'if not ledger.grant(jobs[uuid], actor)}', 'if False}',
             'a permission is given of which the ledger knows nothing'),
    compared('agents/outbound.py', 'if choice.agent_id != agent.id:', 'if False:',
             'a badge goes to a printer that is chosen by another laptop'),
    compared('agents/outbound.py', 'if place is not None and place < (job.queue_dt, job.id):', 'if False:',
             'a badge that was returned comes out behind those that were scanned after it'),
    compared('ledger/agents.py', "'dispatch': job.dispatch + 1}", "'dispatch': job.dispatch}",
             'a word about last time is taken for one about this time'),
    compared('ledger/agents.py', 'Job.state.in_([S.dispatched, S.printing])], S.unknown,',
             'Job.state.in_([S.dispatched, S.printing])], S.ready,',
             'what a lost disk may have printed is printed again'),
    compared('ledger/transition.py', 'db.update(Job.__table__).where(Job.state == S.ready, whose)',
             'db.update(Job.__table__).where(whose)', 'what has permission is freed with what has none'),
    compared('ledger/sweep.py', 'now(-PRINT_WITHIN - GO_MARGIN)], S.unknown,',
             'now(-PRINT_WITHIN - GO_MARGIN)], S.ready,', 'a badge of which nothing was heard is printed elsewhere'),
    compared('ledger/manual.py', "{'uuid': db.func.gen_random_uuid()}", '{}',
             'the laptop recognises a badge that it may have printed, and nobody gets it'),
    # -- what changed while a badge waits
    changed('ledger/agents.py', 'Job.dispatch == job.dispatch,\n                 still_wanted(), is_current()]',
            'Job.dispatch == job.dispatch, is_current()]',
            'somebody who was withdrawn gets a badge that their laptop had already'),
    changed('ledger/agents.py', '[Job.id == job.id, still_wanted(), is_current()]', '[Job.id == job.id, is_current()]',
            'somebody who was withdrawn gets a badge'),
    changed('ledger/agents.py', 'Job.dispatch == job.dispatch,\n                 still_wanted(), is_current()]',
            'Job.dispatch == job.dispatch,\n                 still_wanted()]',
            'a badge prints what was corrected while it was drawn, if its laptop had it already'),
    changed('ledger/agents.py', '[Job.id == job.id, still_wanted(), is_current()]',
            '[Job.id == job.id, still_wanted()]',
            'a badge prints what was corrected while it was drawn'),
    changed('ledger/transition.py', 'dispatch=Job.dispatch + 1, **UNASSIGNED)',
            '**UNASSIGNED)', 'a laptop that has the old badge prints it under the number of the new one'),
    changed('ledger/corrections.py', '.with_for_update(key_share=True)).scalars()', ').scalars()',
            'a worker draws the old name while the new one is being written'),
    changed('ledger/agents.py', '        draw_anew(moved, actor)\n    return moved', '    return moved',
            'a badge that is returned waits for its turn with what was corrected meanwhile'),
    changed('ledger/conditions.py', 'reg.checked_in_dt == Job.checked_in_dt', 'db.true()',
            'a badge prints for somebody whose check-in was undone'),
)


def copy_to(folder):
    """Copy what the tests need."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)


def run(folder, tests, env):
    """Run tests in the copy. Return the exit code and what was written."""
    command = [sys.executable, '-m', 'pytest', '-q', '-x', '--tb=no', '-W', 'ignore',
               *(['-p', 'no:indico'] if tests == STORIES else []), *tests]
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, ''
    return done.returncode, done.stdout + done.stderr


def try_one(folder, mutation, env):
    """Break one rule and mend it. Return who noticed and what it said, or ``None``."""
    path = folder / mutation.file
    whole = path.read_text()
    assert whole.count(mutation.old) == 1, f'{mutation.file}: {mutation.old!r} is there {whole.count(mutation.old)}x'
    path.write_text(whole.replace(mutation.old, mutation.new))
    try:
        code, output = run(folder, mutation.tests, env)
    finally:
        path.write_text(whole)
    failed = re.search(r'^(?:FAILED|ERROR) \S+::(\w+)(?:\[.*?\])? - (.*)', output, re.MULTILINE)
    # any other code than 1 says that the tests did not run
    if code == 0 or code is None:
        return None
    if code != 1 or failed is None:
        raise RuntimeError(f'{mutation.file} cannot be tried: {output[-2000:]}')
    return f'{failed[1]}: {failed[2].removeprefix("AssertionError: ").replace("|", "/")}'


def environment(folder, stack, chosen):
    """Return the environment of the tests; start a database if one is needed."""
    env = {**os.environ, 'COLUMNS': '250', 'PYTHONPATH': str(folder), 'PYTHONDONTWRITEBYTECODE': '1',
           'PERMISSION_SHORTEN': '0'}
    if any(mutation.tests in (COMPARED, CHANGED) for mutation in chosen):
        from tests.stack.folder import run_folder
        from tests.stack.postgres import Postgres
        from tests.stack.redis import Redis
        services = stack.enter_context(run_folder())
        postgres, redis = Postgres(services), Redis(services)
        for service in (postgres, redis):
            stack.callback(service.stop)
            service.start()
        env |= {'INDICO_TEST_DATABASE_URI': postgres.create('test'), 'INDICO_TEST_REDIS_CACHE_URL': redis.url(2)}
    return env


def main(words):
    """Try the mutations of which the words say the number or a part of the file's name. Return the exit code."""
    chosen = [(number, mutation) for number, mutation in enumerate(MUTATIONS, 1)
              if not words or any(word == str(number) or (not word.isdigit() and word in mutation.file)
                                  for word in words)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='mutations-')))
        copy_to(folder)
        env = environment(folder, stack, [mutation for _, mutation in chosen])
        where = subprocess.run(
            [sys.executable, '-c', 'import indico_checkin_print as a, print_agent as b; print(a.__file__, b.__file__)'],
            cwd=folder, env=env, capture_output=True, text=True, check=True).stdout
        assert where.count(str(folder)) == 2, f'the copy is not what runs: {where}'
        for tests in dict.fromkeys(mutation.tests for _, mutation in chosen):
            code, output = run(folder, tests, env)
            if code != 0:
                print(f'{", ".join(tests)} must pass before anything is broken:\n{output[-3000:]}')
                return 2
        survived = []
        print('|  # | file | what would happen | caught by | seconds |\n| --: | --- | --- | --- | --: |', flush=True)
        for number, mutation in chosen:
            started = time.monotonic()
            noticed = try_one(folder, mutation, env)
            survived += [number] if noticed is None else []
            print(f'| {number:2} | {mutation.file} | {mutation.why} | {noticed or "NOBODY"} | '
                  f'{time.monotonic() - started:.1f} |', flush=True)
    print(f'{len(chosen) - len(survived)} of {len(chosen)} caught', *(['; not:', *survived] if survived else []))
    return 1 if survived else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
