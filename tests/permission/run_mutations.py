"""Would the tests notice a broken rule? Breaks each of `mutations` in a copy of the packages; the tests must fail.

    .venv/server/bin/python -m tests.permission.run_mutations            # all of them
    .venv/server/bin/python -m tests.permission.run_mutations worker 7   # those of modules with this name; the seventh

Run by hand after a change of the rules or of these tests: see docs/development.md. Nothing in the working tree changes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.permission.mutations import MUTATIONS, ROOT, STATE_MACHINES
from tests.stack.folder import run_folder
from tests.stack.postgres import Postgres
from tests.stack.redis import Redis


#: What is copied: the packages, the tests and their configuration.
COPIED = ('print_agent', 'indico_checkin_print', 'tests', 'setup.cfg', 'pyproject.toml')
#: Limit of one run of tests; one that does not end proves nothing.
RUN_TIMEOUT = 300  # seconds


def copy_to(folder):
    """Copy what the tests need."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)


def run(folder, tests, env):
    """Run tests in the copy. Return the exit code, ``None`` after the time-out, and what was written."""
    command = [sys.executable, '-m', 'pytest', '-q', '-x', '--tb=no', '-W', 'ignore',
               *(['-p', 'no:indico'] if tests == STATE_MACHINES else []), *tests]
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=RUN_TIMEOUT,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, ''
    return done.returncode, done.stdout + done.stderr


def try_one(folder, mutation, env):
    """Break one rule and restore it. Return which test failed and what it said, or ``None`` if none did."""
    path = folder / mutation.path
    whole = path.read_text()
    path.write_text(mutation.apply(whole))
    try:
        code, output = run(folder, mutation.tests, env)
    finally:
        path.write_text(whole)
    failed = re.search(r'^(?:FAILED|ERROR) \S+::(\w+)(?:\[.*?\])? - (.*)', output, re.MULTILINE)
    # any other code than 1 says that the tests did not run
    if code == 0 or code is None:
        return None
    if code != 1 or failed is None:
        raise RuntimeError(f'{mutation.where} cannot be tried: {output[-2000:]}')
    return f'{failed[1]}: {failed[2].removeprefix("AssertionError: ").replace("|", "/")}'


def environment(folder, stack, chosen):
    """Return the environment of the tests; start a database if one is needed."""
    env = {**os.environ, 'COLUMNS': '250', 'PYTHONPATH': str(folder), 'PYTHONDONTWRITEBYTECODE': '1',
           'PERMISSION_SHORTEN': '0'}
    if any(mutation.tests != STATE_MACHINES for mutation in chosen):
        services = stack.enter_context(run_folder())
        postgres, redis = Postgres(services), Redis(services)
        for service in (postgres, redis):
            stack.callback(service.stop)
            service.start()
        env |= {'INDICO_TEST_DATABASE_URI': postgres.create('test'), 'INDICO_TEST_REDIS_CACHE_URL': redis.url(2)}
    return env


def main(words):
    """Try the mutations whose number or part of whose place is among the words. Return the exit code."""
    chosen = [(number, mutation) for number, mutation in enumerate(MUTATIONS, 1)
              if not words or any(word == str(number) or (not word.isdigit() and word in mutation.where)
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
        print('|  # | where | what would happen | caught by | seconds |\n| --: | --- | --- | --- | --: |', flush=True)
        for number, mutation in chosen:
            started = time.monotonic()
            caught_by = try_one(folder, mutation, env)
            survived += [number] if caught_by is None else []
            print(f'| {number:2} | {mutation.where} | {mutation.why} | {caught_by or "NOTHING"} | '
                  f'{time.monotonic() - started:.1f} |', flush=True)
    print(f'{len(chosen) - len(survived)} of {len(chosen)} caught', *(['; not:', *survived] if survived else []))
    return 1 if survived else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
