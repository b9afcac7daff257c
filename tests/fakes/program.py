"""The agent as a command, and as a process of its own. Its printer is a folder."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from print_agent.cli import main


FOLDERS_ONLY = """
[cups]
enabled = false
[[folder]]
name = 'desk1'
path = 'out'
[spool]
path = 'state'
"""


def invoke(folder, *args):
    return CliRunner().invoke(main.main, ['--config', str(folder), *args])


class Running:
    """An agent as a process of its own, against a fake Indico."""

    def __init__(self, folder, **env):
        self.folder = folder
        self.log = folder / 'log'
        with self.log.open('ab') as log:
            self.process = subprocess.Popen([sys.executable, '-m', 'print_agent', '--config', str(folder), 'run'],
                                            stdout=log, stderr=log, cwd=Path(main.__file__).parents[2],
                                            env={**os.environ, **env})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @property
    def said(self):
        return self.log.read_text()
