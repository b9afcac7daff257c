"""Every command of the runbook exists, with these arguments; and it fits on a page."""

import re
import shlex
from pathlib import Path

import click
import pytest

from print_agent.cli import main


DOCS = Path(main.__file__).parents[2] / 'docs'
RUNBOOK = (DOCS / 'runbook.md').read_text()
COMMANDS = [found.group(1) for found in re.finditer(r'`((?:print-agent|[a-z]+) [^`]+)`', RUNBOOK)]
#: Programs of the system; those of CUPS are run at a real one in tests/agent/runbook_test.py.
OTHERS, OTHERS_AS_ROOT = {'systemctl'}, {'cupsenable', 'lpadmin'}


def parse(words):
    """Read a command line as the program would, without running it. Raises click.UsageError."""
    command, context = main.main, None
    while True:
        context = command.make_context(command.name, list(words), parent=context)
        if not isinstance(command, click.Group):
            return command
        words = [*context._protected_args, *context.args]
        _, command, words = command.resolve_command(context, words)


@pytest.mark.parametrize('line', COMMANDS)
def test_the_command_exists(line):
    program, *words = shlex.split(line)
    if program == 'print-agent':
        parse(words)
    elif program == 'sudo':  # what ordinary users of Debian have neither the right to do nor in their PATH
        assert words[0] in OTHERS_AS_ROOT
    else:
        assert program in OTHERS


@pytest.mark.parametrize('line', ['print-agent fax', 'print-agent pair URL', 'print-agent doctor --loud',
                                  'print-agent service explode'])
def test_a_command_that_does_not_exist_is_found(line):
    with pytest.raises(click.UsageError):
        parse(shlex.split(line)[1:])


def test_it_covers_what_happens_at_a_desk():
    assert len(COMMANDS) > 12
    headings = re.findall(r'^## (.*)$', RUNBOOK, re.MULTILINE)
    assert headings == ['Pair', 'Paper or labels are empty', 'Jam', 'Swap the computer', 'Swap the printer',
                        'No network']
    assert all(f'print-agent {command}' in RUNBOOK for command in ('pair', 'doctor', 'test', 'service install'))


def test_it_is_found():
    assert '](runbook.md)' in (DOCS / 'agent.md').read_text()


def test_it_fits_on_a_page():
    # about what a browser prints on A4: 105 characters a line, 62 lines, headings take two
    lines = sum(2 if line.startswith('#') else max(1, -(-len(line) // 105)) for line in RUNBOOK.splitlines() if line)
    assert lines <= 62
