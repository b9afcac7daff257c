"""The agent installs and runs without Indico: no module of it may import Indico or the plugin, even indirectly."""

import subprocess
import sys
from pathlib import Path

import print_agent


CODE = """
import importlib, pkgutil, sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {'indico', 'indico_checkin_print', 'flask', 'sqlalchemy'}:
            raise ImportError(f'the agent must not import {name}')

sys.meta_path.insert(0, Wall())
import print_agent
for module in pkgutil.walk_packages(print_agent.__path__, 'print_agent.'):
    if not module.name.endswith('__main__'):
        importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if name.startswith('print_agent')))
print('cups' in sys.modules)
"""


def test_every_module_imports_without_indico():
    root = Path(print_agent.__file__).parents[1]
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 0, done.stderr
    names, cups = done.stdout.splitlines()
    sources = {path.stem for path in Path(print_agent.__file__).parent.rglob('*.py')} - {'__init__', '__main__'}
    assert {name.rpartition('.')[2] for name in names.split()} >= sources
    # pycups is GPL and optional: it is loaded when a queue is used, not when the agent is
    assert cups == 'False'


def test_the_protocol_needs_nothing_but_msgspec():
    code = 'import sys; before = set(sys.modules); import print_agent.protocol; print(*(set(sys.modules) - before))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True,
                          cwd=Path(print_agent.__file__).parents[1])
    outside = {name.partition('.')[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)
    assert outside <= {'print_agent', 'msgspec', 'typing_extensions'}


def test_the_command_says_what_it_lacks():
    # as where only the plugin's side was installed
    code = "import sys; sys.modules['websockets'] = None; from print_agent.__main__ import main; main()"
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'websockets' in done.stderr
    assert 'Traceback' not in done.stderr
    assert '[agent,cups]' in done.stderr
