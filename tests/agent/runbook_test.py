"""The runbook's commands for CUPS do what it says, at a real one."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.stack.process import wait_for


ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / 'docs' / 'runbook.md').read_text()


def lp(printing, *command):
    return subprocess.run([command[0], '-h', printing.cups.server, *command[1:]], check=True, capture_output=True,
                          text=True, env={**os.environ, **printing.env}).stdout


def test_the_commands_for_cups(printing, printers):
    lines = [line for line in re.findall(r'`sudo ([a-z]+ [^`]+)`', RUNBOOK) if line.startswith(('cups', 'lp'))]
    assert len(lines) == 3
    real = printing.printers['desk1'].uri.partition('?')[0]
    # under a name that is new to CUPS: what it learned of another printer would hide that it learned nothing
    commands = [shlex.split(line.replace('ipp://192.0.2.10/ipp/print', real).replace('desk1', 'swapped'))
                for line in sorted(lines, key=lambda line: line.startswith('cups'))]
    try:
        for command in commands:
            lp(printing, *command)
        seen = lp(printing, 'lpstat', '-p', 'swapped', '-v', 'swapped')
        assert 'idle' in seen
        assert f'{real}?waitjob=false' in seen
        ppd = printing.cups.folder / 'ppd' / 'swapped.ppd'
        wait_for(lambda: ppd.exists() and b'IPP Everywhere' in ppd.read_bytes(), 60)
    finally:
        lp(printing, 'lpadmin', '-x', 'swapped')
