"""The house is what ``docs/architecture.md`` says: its rooms, no import that runs upwards, no circle."""

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs' / 'architecture.md').read_text()
PACKAGES = ('indico_checkin_print', 'print_agent')
#: A file that readers of the docs make.
NOT_OURS = {'receiver'}
#: Most files at the root of a package besides its rooms.
MAX_FILES = {'indico_checkin_print': 16, 'print_agent': 12}


def rooms(package):
    """Return the rooms of a package, from the top down, as the page lists them."""
    table = PAGE.partition(f'`{package}/`, the ')[2].partition('\n\n')[2].partition('\n\n')[0]
    return re.findall(r'^\| `(\w+)` \|', table, re.MULTILINE)


def modules(package):
    """Return the files of a package by the names of their modules."""
    return {'.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__'): path
            for path in (ROOT / package).rglob('*.py') if 'migrations' not in path.parts}


def imports(path, known):
    """Return the modules among `known` that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {name if (name := f'{node.module}.{alias.name}') in known else node.module
                      for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known


ALL = {name: path for package in PACKAGES for name, path in modules(package).items()}
IMPORTS = {name: imports(path, ALL.keys()) - {name} for name, path in ALL.items()}


@pytest.mark.parametrize('package', PACKAGES)
def test_every_room_is_listed(package):
    there = {name.split('.')[1] for name in modules(package) if '.' in name} - {'__main__'}
    assert set(rooms(package)) == there
    assert len(list((ROOT / package).glob('*.py'))) <= MAX_FILES[package]


@pytest.mark.parametrize('package', PACKAGES)
def test_imports_run_downwards(package):
    height = {room: -n for n, room in enumerate(rooms(package))}
    upwards = [f'{name} imports {other}' for name, others in IMPORTS.items() for other in others
               if name.startswith(f'{package}.') and other.startswith(f'{package}.')
               and not name.endswith('.__main__')
               and height[name.split('.')[1]] < height[other.split('.')[1]]]
    assert upwards == []


def test_no_circle():
    graph = {name: {other for other in others if not name.startswith(f'{other}.')} for name, others in IMPORTS.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        pytest.fail(' → '.join(exc.args[1]))


def test_routing_is_pure():
    """What decides who prints where loads nothing: it knows plain values, no session, no table, no clock."""
    allowed = re.compile(r'dataclasses|enum|datetime|collections.*|functools|typing|unicodedata|msgspec.*'
                         r'|print_agent\.protocol.*|indico_checkin_print\.(routing|reasons).*'
                         r'|indico_checkin_print\.models\.(states|choices)'
                         # its states stand beside the table
                         r'|indico\.modules\.events\.registration\.models\.registrations\.RegistrationState')
    for path in (ROOT / 'indico_checkin_print' / 'routing').glob('*.py'):
        tree = ast.parse(path.read_text())
        names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        names += [f'{node.module}.{alias.name}' for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
                  for alias in node.names]
        impure = [name for name in names if not any(map(allowed.fullmatch, (name, name.rpartition('.')[0])))]
        assert impure == [], path.name
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not attributes & {'query', 'now', 'session'}, path.name


def test_one_function_asks_who_is_blocked():
    """Other plugins answer, and their faults must not become ours."""
    readers = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'indico_checkin_print').rglob('*.py')
               for node in ast.walk(ast.parse(path.read_text()))
               if isinstance(node, ast.Attribute) and node.attr == 'is_ticket_blocked'}
    assert readers == {'indico_checkin_print/badge/blocked.py'}


def test_the_contract_imports_neither_side():
    for name, others in IMPORTS.items():
        contract = [other for other in others if other.startswith('print_agent.')]
        if name.startswith('indico_checkin_print'):
            assert all(other.startswith('print_agent.protocol') for other in contract), name
        if name.startswith('print_agent'):
            assert not [other for other in others if other.startswith('indico_checkin_print')], name
        if name.startswith('print_agent.protocol'):
            assert all(other.startswith('print_agent.protocol') for other in others), name


def reachable(name):
    """Return the modules that a module imports, directly or by others."""
    found, todo = set(), [name]
    while todo:
        new = IMPORTS[todo.pop()] - found
        found |= new
        todo += new
    return found


def test_the_way_of_a_badge_enters_each_room_once():
    section = PAGE.partition('## The way of a badge')[2].partition('\n## ')[0]
    steps = re.findall(r'^\d\. \*\*`(\w+)`\*\*: (.*?)(?=^\d\. |^\n?\S)', section, re.MULTILINE | re.DOTALL)
    assert len({room for room, _ in steps}) == len(steps) == 6
    for room, text in steps:
        first, *others = [path.removesuffix('.py').replace('/', '.') for path in re.findall(r'`([\w/]+\.py)`', text)]
        assert first.split('.')[1] == room
        assert [other for other in others if other not in reachable(first)] == []


def test_paths_exist():
    paths = re.findall(r'`((?:indico_checkin_print|print_agent|tests|docs)/[\w./]*)`', PAGE)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_table_of_what_is_new_names_what_is_there():
    """A function, class or constant that the page sends a reader to is in a file that its row names."""
    rows = PAGE.partition('## Where to put what is new')[2].splitlines()
    wrong = []
    for row in rows:
        files = [ROOT / path for path in re.findall(r'`([\w/]+\.py)`', row)]
        source = ''.join(file.read_text() for file in files)
        wrong += [name for name in re.findall(r'`([A-Za-z_]+)`', row)
                  if not re.search(rf'^(?:async )?(?:def|class) {name}\b|^{name}\b.* = ', source, re.MULTILINE)]
    assert wrong == []


def test_prose_names_modules_that_exist():
    """Docs, docstrings and comments speak of modules by names that they still have."""
    files = [path.relative_to(ROOT) for folder in (*PACKAGES, 'tests', 'bench', 'docs')
             for path in (ROOT / folder).rglob('*') if path.suffix in {'.py', '.md'} and 'migrations' not in path.parts]
    there = [f'/{file}'.replace('/__init__.py', '.py') for file in files]
    stale = []
    for file in files:
        text = (ROOT / file).read_text()
        names = set(re.findall(r'`([\w/]+)\.py`', text)) - NOT_OURS
        if file.parts[0] in PACKAGES:
            names |= {name.replace('.', '/') for name in re.findall(r':mod:`\.?([\w.]+)`', text)}
        stale += [f'{file}: {name}' for name in names if not any(path.endswith(f'/{name}.py') for path in there)]
    assert stale == []


def test_docstrings_name_what_modules_have():
    """A reference such as `outbound.plan` or :func:`.decisions.on_job` is to a name that this module still has."""
    names, libraries = {}, set(sys.stdlib_module_names)
    for name, path in ALL.items():
        libraries |= set(re.findall(r'^ *(?:from|import) (\w+)', path.read_text(), re.MULTILINE)) - set(PACKAGES)
        there = names.setdefault(name.rpartition('.')[2], set())
        there |= {other.rpartition('.')[2] for other in ALL if other.rpartition('.')[0] == name}
        for node in ast.walk(ast.parse(path.read_text())):
            there |= {getattr(node, field) for field in ('name', 'id', 'attr')
                      if isinstance(getattr(node, field, None), str)}
    stale = []
    for name, path in ALL.items():
        for reference in re.findall(r'(?<!`)`[~.]?([a-z_]\w*(?:\.\w+)+)`(?!`)', path.read_text()):
            *above, module, last = reference.split('.')
            if module[0].isupper():
                # an attribute of a class, in the module before it or in this one
                module = above[-1] if above else name.rpartition('.')[2]
            if (reference.split('.')[0] not in libraries and not is_file(reference)
                    and last not in names.get(module, ())):
                stale.append(f'{name}: {reference}')
    assert stale == []


def test_endpoints_have_one_handler():
    """Indico does not start if two handlers have one name; only the plugin's tests would notice that as well."""
    handlers = {}
    for path in ALL.values():
        for endpoint, handler in re.findall(r"(?:\badd_url_rule|\b_add)\(\s*.*?'[^']*',\s*'(\w+)',\s*(RH\w+)",
                                            path.read_text()):
            handlers.setdefault(endpoint, set()).add(f'{path.parent.name}: {handler}')
    assert len(handlers) > 100
    assert {endpoint: names for endpoint, names in handlers.items() if len(names) > 1} == {}


def is_file(reference):
    """Return whether a reference is the name of a file."""
    return reference.endswith(('.py', '.js', '.md', '.toml', '.conf'))
