"""How tests are written: named after what they test, with whole imports, and nothing from another test."""

import ast
import re
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / 'tests').rglob('*.py'))
TESTS = [path for path in FILES if path.stem.endswith('_test')]
#: Suites about what the product does as a whole, named after that.
WHOLE = ('tests/agent', 'tests/system', 'tests/permission', 'tests/plugin/races')
#: Tests of something that is not one module: why.
EXEMPT = {
    'architecture_test': 'the imports of both packages',
    'conventions_test': 'the tests',
    'words_test': 'all files',
    'imports_test': 'the agent without Indico',
    'docs_test': 'several pages of the docs',
    'wheel_test': 'the wheel',
    'migration_test': 'the migrations against the models',
    'hostile_text_test': 'every text of every message',
    'ending_test': 'how every part of the agent ends',
    'sleep_test': 'the agent on a computer that sleeps',
}


def name(path):
    return path.relative_to(ROOT).as_posix()


def subjects():
    """Return the names of modules, rooms and pages of the docs, of which a test may have the name."""
    for folder in ('indico_checkin_print', 'print_agent', 'tests/stack'):
        yield Path(folder).name
        for path in (ROOT / folder).rglob('*'):
            if path.is_dir() or path.suffix in {'.py', '.js'}:
                yield path.stem
    yield from (path.stem for path in (ROOT / 'docs').glob('*.md'))


def imported(path):
    """Return the names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or '.'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


@pytest.mark.parametrize('path', FILES, ids=name)
def test_nothing_comes_from_a_test(path):
    tests = {name(test).removesuffix('.py').replace('/', '.') for test in TESTS}
    assert [module for module in imported(path) if module in tests] == []


@pytest.mark.parametrize('path', FILES, ids=name)
def test_no_tricks_with_modules(path):
    """pytest finds packages from the project's root, and a fixture does not ask which module uses it."""
    attributes = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text()))
                  if isinstance(node, ast.Attribute)}
    assert attributes & {'sys.path', 'request.module'} == set()


@pytest.mark.parametrize('path', FILES, ids=name)
def test_states_have_names(path):
    """SQL of tests names states as `tests.stack.states` and `JobState` do; a number says nothing to a reader."""
    assert re.findall(r'\bstate (?:=|<|>|!=|IN) \(?\d', path.read_text()) == []


@pytest.mark.parametrize('path', [path for path in TESTS if not name(path).startswith(WHOLE)], ids=name)
def test_named_after_its_module(path):
    """``store_test`` is about ``store``, ``relay_session_test`` or ``relay/pace_test`` about a part of ``relay``."""
    parts, known = path.stem.split('_'), set(subjects())
    named = any('_'.join(parts[:n]) in known for n in range(1, len(parts)))
    in_a_room = len(path.relative_to(ROOT).parts) > 3 and path.parent.name in known
    assert path.stem in EXEMPT or named or in_a_room
