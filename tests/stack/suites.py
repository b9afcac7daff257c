"""``make test``: the suites in the order in which they are quickest to fail, each with the services that it needs.

``python -m tests.stack.suites [NAME...]`` runs some of: lint, unit, agent, plugin, system, pages, pictures; without
names all but the last two. All of them run, also when one fails; the last lines say which did.

The plugin's tests compute, the agent's wait for printers most of the time: both run beside the others.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time

from tests.stack.folder import run_folder
from tests.stack.indico import BIN, ROOT
from tests.stack.postgres import Postgres
from tests.stack.process import die_with_signals
from tests.stack.redis import Redis
from tests.stack.say import say


SERVER = [BIN / 'python']
AGENT = [ROOT / '.venv' / 'agent' / 'bin' / 'python']
#: Indico's pytest plugin wants a database of its own as soon as it is loaded; only the plugin's tests need it.
WITHOUT_INDICO = ['-p', 'no:indico']
#: Each environment has some of the pytest plugins that setup.cfg has options for, and warns about the others.
PYTEST = ['-m', 'pytest', '-p', 'tests.stack.no_skips', '-W', 'ignore::pytest.PytestConfigWarning', '--durations=5']
#: The tests in a browser that have a suite of their own
PAGES = [f'tests/system/{name}_test.py' for name in ('accessibility', 'batches', 'board', 'certificates', 'desk',
                                                     'desk_rules', 'first_steps', 'keyboard', 'kiosk', 'live_board',
                                                     'preview', 'scan_station', 'walk_in')]
#: Those that make the pictures of the docs; the first one wants to see an event in which little has happened
PICTURES = ['tests/system/pages_test.py::test_picture', *(x for x in PAGES if 'keyboard' not in x),
            'tests/system/agent_page_test.py::test_picture',
            'tests/system/agent_page_test.py::test_a_tech_calibrates_a_printer',
            'tests/system/calibration_test.py', 'tests/system/badge_test.py::test_picture',
            'tests/system/jobs_page_test.py::test_picture']
#: The tests of the plugin in two halves that take about as long
DRAWING_AND_PAGES = ['tests/plugin/badge', 'tests/plugin/desk', 'tests/plugin/management']
HALVES = [DRAWING_AND_PAGES,
          ['tests/permission', 'tests/plugin', *(f'--ignore={folder}' for folder in DRAWING_AND_PAGES)]]
#: Suites that run beside the others
BESIDE = ('agent', 'plugin')
#: What a suite may take at most, in seconds; one that hangs shall not hang the run.
TIMEOUT = 1800
#: The same, for the tests of all pages
PAGES_TIMEOUT = 2400


def lint():
    """ruff and isort over everything, mypy over the agent."""
    return all([
        run([BIN / 'ruff', 'check', '.']),
        run([BIN / 'isort', '--check-only', '--diff', 'indico_checkin_print']),
        run([*AGENT, '-m', 'mypy', '--cache-dir', '.mypy_cache']),
    ])


def unit():
    """Pure code, in the agent's environment: nothing here may need Indico."""
    return run([*AGENT, *PYTEST, 'tests/unit'])


def agent():
    """The agent on a real CUPS with virtual IPP printers."""
    return run([*AGENT, *PYTEST, 'tests/agent'])


def plugin():
    """The plugin inside Indico, on a real PostgreSQL and a real Redis; in two halves, side by side."""
    with run_folder() as folder:
        postgres, redis = Postgres(folder), Redis(folder)
        try:
            postgres.start()
            redis.start()
            # Indico's own fixture starts one itself, but skips every test when that fails, as it does for root
            return run_together([([*SERVER, *PYTEST, *tests], {
                'INDICO_TEST_DATABASE_URI': postgres.create(f'test{n}'), 'INDICO_TEST_REDIS_CACHE_URL': redis.url(n),
            }) for n, tests in enumerate(HALVES, 2)])
        finally:
            redis.stop()
            postgres.stop()


def system():
    """The whole stack, with a browser."""
    return run([*SERVER, *PYTEST, *WITHOUT_INDICO, 'tests/system', *(f'--ignore={file}' for file in PAGES)])


def pages():
    """The volunteers' pages and kiosks in a browser, and all pages as axe-core judges them; twenty minutes."""
    return run([*SERVER, *PYTEST, *WITHOUT_INDICO, *PAGES], timeout=PAGES_TIMEOUT)


def pictures():
    """The pictures of the docs, made anew by the tests of the pages; git shows what looks different."""
    return run([*SERVER, *PYTEST, *WITHOUT_INDICO, *PICTURES], timeout=PAGES_TIMEOUT, UPDATE_PICTURES='1')


SUITES = {suite.__name__: suite for suite in (lint, unit, agent, plugin, system, pages, pictures)}
#: What runs if none is named: it stays under twenty minutes on two cores
EVERYDAY = [name for name in SUITES if name not in {'pages', 'pictures'}]


def run(args, *, timeout=TIMEOUT, **env):
    """Run a command from the project's root; return whether it succeeded."""
    return run_together([(args, env)], timeout)


def run_together(commands, timeout=TIMEOUT):
    """Run commands, each with its own environment, at the same time; return whether all succeeded."""
    until = time.monotonic() + timeout
    processes = [subprocess.Popen([str(arg) for arg in args], cwd=ROOT, env={**os.environ, **env})
                 for args, env in commands]
    try:
        codes = [process.wait(max(0, until - time.monotonic())) for process in processes]
    except subprocess.TimeoutExpired as exc:
        say(f'{exc.cmd[0]} took longer than {timeout} s')
        return False
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
    return not any(codes)


def passes(name):
    """Run one suite and say how it went."""
    print(f'\n=== {name}: {SUITES[name].__doc__}', flush=True)
    started = time.monotonic()
    passed = SUITES[name]()
    say(f'{name}: {"passed" if passed else "FAILED"} ({time.monotonic() - started:.0f} s)')
    return passed


@contextlib.contextmanager
def aside(name):
    """Run a suite in a process of its own; yield a function that waits for it, shows its output and returns success."""
    with tempfile.TemporaryFile('w+') as output:
        process = subprocess.Popen([sys.executable, '-m', __spec__.name, name], cwd=ROOT, stdout=output, stderr=output)

        def finish():
            code = process.wait()
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout)
            sys.stdout.flush()
            return code == 0

        try:
            yield finish
        finally:
            process.terminate()
            process.wait()


def main():
    die_with_signals()
    names = sys.argv[1:] or EVERYDAY
    unknown = set(names) - set(SUITES)
    if unknown:
        print(f'There is no suite {", ".join(unknown)}. There are: {", ".join(SUITES)}.', file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        suites = {name: functools.partial(passes, name) for name in SUITES if name in names}
        for name in BESIDE:
            if name in suites and len(suites) > 1:
                say(f'{name}: begins, beside the others')
                # they take longest, so their ends are waited for last
                del suites[name]
                suites[name] = stack.enter_context(aside(name))
        failed = [name for name, suite in suites.items() if not suite()]
    if len(names) > 1:
        print(f'\nFAILED: {", ".join(failed)}' if failed else f'\nAll suites passed: {", ".join(suites)}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
