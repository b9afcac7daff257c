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
    'translations_test': 'all texts that people read',
    'hostile_text_test': 'every text of every message',
    'ending_test': 'how every part of the agent ends',
    'sleep_test': 'the agent on a computer that sleeps',
}


#: Modules without a test of their own name, which are a part of what this test is about.
TESTED_BY = {
    'indico_checkin_print/badge/preflight/drawn.py': 'plugin/work/preflight_test.py',
    'indico_checkin_print/diagnostics/preflight.py': 'plugin/work/preflight_test.py',
    'indico_checkin_print/ledger/examined.py': 'plugin/work/preflight_test.py',
    'print_agent/cli/local_client.py': 'unit/cli/local_test.py',
    'print_agent/cli/status.py': 'unit/cli/local_test.py',
    'print_agent/jobs/handover.py': 'unit/jobs/worker_test.py',
    'print_agent/jobs/registry.py': 'unit/jobs/manager_test.py',
    'print_agent/printing/pdf_reader.py': 'unit/printing/pdf_process_test.py',
    'print_agent/printing/watch.py': 'unit/printing/cups_test.py',
    'indico_checkin_print/certificates/export.py': 'plugin/certificates/audit_cli_test.py',
    'indico_checkin_print/certificates/public_view.py': 'plugin/public/pages_test.py',
    'indico_checkin_print/api/base.py': 'plugin/api/agents_test.py',
    'indico_checkin_print/badge/context.py': 'plugin/badge/render_test.py',
    'indico_checkin_print/badge/faults.py': 'plugin/badge/render_test.py',
    'indico_checkin_print/badge/printed_name.py': 'plugin/desk/kiosk/pages_test.py',
    'indico_checkin_print/badge/separator.py': 'plugin/ledger/batches_test.py',
    'indico_checkin_print/badge/templates.py': 'plugin/management/setup/setup_test.py',
    'indico_checkin_print/certificates/context.py': 'plugin/certificates/template_test.py',
    'indico_checkin_print/certificates/draw.py': 'plugin/certificates/template_test.py',
    'indico_checkin_print/certificates/mail_server.py': 'plugin/certificates/send_test.py',
    'indico_checkin_print/certificates/pades.py': 'plugin/certificates/sign_test.py',
    'indico_checkin_print/certificates/plan.py': 'plugin/certificates/generate_test.py',
    'indico_checkin_print/certificates/qr.py': 'plugin/certificates/template_test.py',
    'indico_checkin_print/certificates/types.py': 'plugin/certificates/selection_test.py',
    'indico_checkin_print/certificates/sample.py': 'plugin/management/certificates/preview_test.py',
    'indico_checkin_print/management/certificates/counts.py': 'plugin/management/certificates/overview_test.py',
    'indico_checkin_print/management/certificates/filter.py': 'plugin/management/certificates/records_test.py',
    'indico_checkin_print/management/certificates/guide.py': 'plugin/management/certificates/overview_test.py',
    'indico_checkin_print/management/certificates/type_form.py': 'plugin/management/certificates/types_test.py',
    'indico_checkin_print/management/certificates/words.py': 'plugin/management/certificates/rules_test.py',
    'indico_checkin_print/certificates/transition.py': 'plugin/certificates/states_test.py',
    'indico_checkin_print/registrant/certificate.py': 'plugin/certificates/name_requests_test.py',
    'indico_checkin_print/registrant/section.py': 'plugin/certificates/name_requests_test.py',
    'indico_checkin_print/management/registrations/name_requests.py': 'plugin/certificates/name_requests_test.py',
    'indico_checkin_print/delivery/notify.py': 'plugin/delivery/breaker_test.py',
    'indico_checkin_print/desk/board_view.py': 'plugin/desk/board_test.py',
    'indico_checkin_print/desk/edit_rules.py': 'plugin/desk/edit_print_test.py',
    'indico_checkin_print/ledger/edited.py': 'plugin/desk/edit_print_test.py',
    'indico_checkin_print/desk/kiosk/words.py': 'plugin/desk/kiosk/pages_test.py',
    'indico_checkin_print/desk/walk_in_view.py': 'plugin/desk/walk_in_test.py',
    'indico_checkin_print/diagnostics/attention_email.py': 'plugin/diagnostics/attention_test.py',
    'indico_checkin_print/diagnostics/facts.py': 'plugin/diagnostics/checks_test.py',
    'indico_checkin_print/ledger/agents.py': 'plugin/agents/outbound_test.py',
    'indico_checkin_print/ledger/corrections.py': 'plugin/signals/corrections_test.py',
    'indico_checkin_print/ledger/create.py': 'plugin/signals/checkin_test.py',
    'indico_checkin_print/ledger/desks.py': 'plugin/routing/desk_test.py',
    'indico_checkin_print/ledger/forget.py': 'plugin/ledger/cancellation_test.py',
    'indico_checkin_print/ledger/transition.py': 'plugin/ledger/states_test.py',
    'indico_checkin_print/management/base.py': 'plugin/management/access_test.py',
    'indico_checkin_print/management/batches/members.py': 'plugin/management/batches/pages_test.py',
    'indico_checkin_print/management/batches/progress.py': 'plugin/management/batches/pages_test.py',
    'indico_checkin_print/management/desk_rules/choices.py': 'plugin/management/desk_rules/editor_test.py',
    'indico_checkin_print/management/desk_rules/conditions.py': 'plugin/management/desk_rules/editor_test.py',
    'indico_checkin_print/management/desk_rules/form.py': 'plugin/management/desk_rules/editor_test.py',
    'indico_checkin_print/management/desk_rules/load.py': 'plugin/management/desk_rules/editor_test.py',
    'indico_checkin_print/management/desk_rules/words.py': 'plugin/management/desk_rules/editor_test.py',
    'indico_checkin_print/management/jobs/actions.py': 'plugin/management/page_test.py',
    'indico_checkin_print/management/jobs/reprint.py': 'plugin/management/jobs/held_test.py',
    'indico_checkin_print/management/jobs/rows.py': 'plugin/management/page_test.py',
    'indico_checkin_print/management/menu.py': 'plugin/management/access_test.py',
    'indico_checkin_print/management/template_rules/form.py': 'plugin/management/template_rules/pages_test.py',
    'indico_checkin_print/management/setup/agents.py': 'plugin/management/setup/setup_test.py',
    'indico_checkin_print/management/setup/delivery_choices.py': 'plugin/management/setup/setup_test.py',
    'indico_checkin_print/management/setup/desks.py': 'plugin/management/setup/setup_test.py',
    'indico_checkin_print/management/setup/forms.py': 'plugin/management/setup/setup_test.py',
    'indico_checkin_print/management/setup/languages.py': 'plugin/desk/kiosk/pages_test.py',
    'indico_checkin_print/management/setup/when.py': 'plugin/management/jobs/held_test.py',
    'indico_checkin_print/management/status.py': 'plugin/management/page_test.py',
    'indico_checkin_print/management/today/figures.py': 'plugin/management/today/live_board_test.py',
    'indico_checkin_print/management/today/pause.py': 'plugin/management/jobs/held_test.py',
    'indico_checkin_print/management/visibility.py': 'plugin/visibility_test.py',
    'indico_checkin_print/management/webhooks/setup.py': 'plugin/management/setup/setup_test.py',
    'indico_checkin_print/messages/envelope.py': 'plugin/messages/payload_test.py',
    'indico_checkin_print/messages/news.py': 'plugin/ledger/news_test.py',
    'indico_checkin_print/messages/schema.py': 'plugin/messages/payload_test.py',
    'indico_checkin_print/reasons/desk.py': 'plugin/routing/desk_test.py',
    'indico_checkin_print/relay/known_tokens.py': 'plugin/agents/connect_limit_test.py',
    'indico_checkin_print/relay/server.py': 'plugin/agents/connect_limit_test.py',
    'indico_checkin_print/signals/origin.py': 'plugin/routing/desk_test.py',
    'indico_checkin_print/sql.py': 'plugin/races/corrections_test.py',
    'indico_checkin_print/tasks.py': 'plugin/signals/missed_checkins_test.py',
    'indico_checkin_print/work/worker.py': 'plugin/badge/render_test.py',
}
#: Longest name of a test, in characters.
MAX_NAME = 60
#: A module with more branches than this has logic.
MAX_BRANCHES = 2


def name(path):
    return path.relative_to(ROOT).as_posix()


def subjects():
    """Return the names of modules, rooms and pages of the docs, of which a test may have the name."""
    for folder in ('indico_checkin_print', 'print_agent', 'font_wheel', 'tests/stack'):
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


@pytest.mark.parametrize('path', TESTS, ids=name)
def test_names_are_short(path):
    """What needs a sentence has it as its docstring."""
    functions = [node.name for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [function for function in functions if len(function) > MAX_NAME] == []


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


def has_logic(path):
    """Return whether a module decides something, rather than names or passes on."""
    kinds = ast.If | ast.For | ast.While | ast.Match | ast.Try | ast.IfExp | ast.comprehension | ast.AsyncFor
    functions = [node for node in ast.walk(ast.parse(path.read_text()))
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sum(isinstance(node, kinds) for function in functions for node in ast.walk(function)) > MAX_BRANCHES


def test_every_module_with_logic_has_a_test():
    """The test of ``print_agent/jobs/worker.py`` is ``tests/unit/jobs/worker_test.py``, or begins like that."""
    without = set()
    for package, suite in (('print_agent', 'unit'), ('indico_checkin_print', 'plugin')):
        for path in (ROOT / package).rglob('*.py'):
            room = ROOT / 'tests' / suite / path.parent.relative_to(ROOT / package)
            if ('migrations' not in path.parts and not path.stem.startswith('__') and has_logic(path)
                    and not list(room.glob(f'{path.stem}*_test.py'))):
                without.add(name(path))
    assert without - TESTED_BY.keys() == set(), 'write a test of this name, or say in TESTED_BY of what it is a part'
    assert TESTED_BY.keys() - without == set(), 'these have a test of their name now, or are gone'
    assert [test for test in TESTED_BY.values() if not (ROOT / 'tests' / test).exists()] == []
