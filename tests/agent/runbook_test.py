"""The runbook's commands for CUPS do what it says, at a real one."""

import os
import re
import shlex
import subprocess

from conftest import ROOT


RUNBOOK = (ROOT / 'docs' / 'runbook.md').read_text()


def test_the_commands_for_cups(printing, printers):
    lines = [line for line in re.findall(r'`([a-z]+ [^`]+)`', RUNBOOK) if line.startswith(('cups', 'lp'))]
    assert len(lines) == 2
    real = printing.printers['desk1'].uri.partition('?')[0]
    for line in lines:
        program, *words = shlex.split(line.replace('ipp://192.0.2.10/ipp/print', real))
        subprocess.run([program, '-h', printing.cups.server, *words], check=True, capture_output=True,
                       env={**os.environ, **printing.env})
        seen = subprocess.run(['lpstat', '-h', printing.cups.server, '-p', 'desk1', '-v', 'desk1'], check=True,
                              capture_output=True, text=True, env={**os.environ, **printing.env}).stdout
        assert 'idle' in seen
        assert f'{real}?waitjob=false' in seen
