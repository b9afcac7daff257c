"""The documents name every command, scenario, suite, file and stage that there is, and no other."""

import ast
import re
from pathlib import Path


ROOT = Path(__file__).parents[2]
DEVELOPMENT = (ROOT / 'docs' / 'development.md').read_text()
#: Bytes of a picture: what a page needs that has more than a screen
MAX_PICTURE = 120_000


def rows(heading, text=DEVELOPMENT):
    """Return the rows of the first table after a heading, as lists of cells."""
    section = text.split(f'\n## {heading}', 1)[1].split('\n## ')[0]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in section.splitlines()
            if line.startswith('|')][2:]


def test_commands():
    targets = re.findall(r'^([a-z]+):.*## ', (ROOT / 'Makefile').read_text(), re.MULTILINE)
    documented = {row[0].strip('`').split()[1] for row in rows('Commands')}
    assert documented == set(targets)


def test_scenarios():
    found = {}
    for path in sorted((ROOT / 'tests' / 'stack' / 'scenarios').glob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'scenario':
                name, sentence = (ast.literal_eval(arg) for arg in node.args)
                found[name] = sentence
                files = re.search(r'^FILES = [^)]*', (path.parent / '__init__.py').read_text(), re.M).group()
                assert path.stem in files
    assert found == {name.strip('`'): sentence for name, sentence in rows('Scenarios')}


def test_suites():
    source = ast.parse((ROOT / 'tests' / 'stack' / 'suites.py').read_text())
    suites = next(node.value.generators[0].iter for node in source.body
                  if isinstance(node, ast.Assign) and node.targets[0].id == 'SUITES')
    assert [name.id for name in suites.elts] == [row[0] for row in rows('Tests')]


def test_files_of_the_stack():
    table = DEVELOPMENT.split('| file |')[1].split('\n\n')[0]
    for path in (ROOT / 'tests' / 'stack').glob('*.py'):
        assert path.name == '__init__.py' or f'`{path.name}`' in table, f'{path.name} is not in the table'


def test_stages():
    source = ast.parse((ROOT / 'bench' / 'path.py').read_text())
    stages = next(ast.literal_eval(node.value) for node in source.body
                  if isinstance(node, ast.Assign) and node.targets[0].id == 'STAGES')
    text = (ROOT / 'docs' / 'benchmark.md').read_text()
    assert [row[0].strip('`') for row in rows('`scan_to_printer_ms`', text)] == list(stages)


def test_pictures():
    """Each picture is shown, exists, and is no burden to those who clone the repository."""
    images = ROOT / 'docs' / 'images'
    shown = {str((path.parent / link).resolve()) for path in (*(ROOT / 'docs').glob('*.md'), ROOT / 'README.md')
             for link in re.findall(r'!\[[^\]]+\]\(([^)]+)\)', path.read_text())}
    there = {str(path) for path in images.rglob('*.png')}
    assert there == shown
    assert [path for path in there if Path(path).stat().st_size > MAX_PICTURE] == []
