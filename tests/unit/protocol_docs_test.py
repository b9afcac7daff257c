"""docs/protocol.md has each field with its limit, and each code: enough to write another agent from it."""

import ast
import re
from http import HTTPStatus
from pathlib import Path

import pytest
from msgspec import inspect

from print_agent.connection import close_reasons
from print_agent.protocol import errors
from print_agent.protocol import messages as p
from print_agent.protocol.calibration import Calibration
from print_agent.protocol.text import PLAIN


ROOT = Path(__file__).parents[2]
DOCS = (ROOT / 'docs' / 'protocol.md').read_text()
CLASSES = (*dict.fromkeys(p.FromAgent.__args__ + p.FromServer.__args__), p.Printer, Calibration, p.Held, p.Call, p.Poll,
           p.PollReply, p.Delivery, p.DeliveryData)


def limit(kind):
    """What a type allows, in words."""
    match kind:
        case inspect.StrType(pattern=pattern) if pattern == PLAIN:
            return f'text, {kind.min_length or 0} to {kind.max_length} characters'
        case inspect.StrType(max_length=None, pattern=pattern) if pattern:
            return 'SHA-256' if '{64}' in pattern else 'UUID or empty' if '?' in pattern else 'UUID'
        case inspect.IntType():
            return 'whole number' if kind.le is None else f'{kind.ge} to {kind.le}'
        case inspect.FloatType():
            return f'{"over 0" if kind.gt is not None else f"{kind.ge:g}"} to {kind.le:.10g}'
        case inspect.BoolType():
            return 'true or false'
        case inspect.LiteralType() | inspect.EnumType():
            return 'one of the words above'
        case inspect.VarTupleType():
            return 'list' if kind.max_length is None else f'list of at most {kind.max_length}'
        case inspect.UnionType():
            return 'null or an object'
        case inspect.StructType() | inspect.DictType():
            return 'an object'
    raise NotImplementedError(kind)


def rows():
    """The rows of the table, as they have to be."""
    for cls in CLASSES:
        info = inspect.type_info(cls)
        for field in info.fields:
            needed = field.required
            item = field.type.item_type if isinstance(field.type, inspect.VarTupleType) else None
            each = f'; each {limit(item)}' if isinstance(item, inspect.StrType) else ''
            yield (f'| `{info.tag or cls.__name__}` | `{field.name}` | {"yes" if needed else "no"} | '
                   f'{limit(field.type)}{each} |')


@pytest.mark.parametrize('row', rows())
def test_fields(row):
    assert row in DOCS.splitlines()


def test_no_other_fields():
    table = DOCS.partition('## All fields')[2].partition('\n## ')[0]
    assert len(re.findall(r'^\| `', table, re.MULTILINE)) == len(list(rows()))


def table(heading, docs=DOCS):
    """The rows of the table with this heading, each a list of its cells."""
    lines = docs.partition(f'\n| {heading}')[2].partition('\n\n')[0].splitlines()[2:]
    return [[cell.strip(' `') for cell in line.strip('|').split('|')] for line in lines]


def calls(*names, under):
    """Yield (name, values of the arguments) of all calls of functions with one of these names.

    An argument that is no constant is ``None``; constants of the module and members of HTTPStatus are looked up.
    """
    for path in sorted((ROOT / under).rglob('*.py') if (ROOT / under).is_dir() else [ROOT / under]):
        tree = ast.parse(path.read_text())
        known = {target.id: node.value.value for node in tree.body
                 if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) for target in node.targets}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, 'attr', getattr(node.func, 'id', '')) in names:
                yield ([value(each, known) for each in node.args],
                       {each.arg: value(each.value, known) for each in node.keywords})


def value(node, known):
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return known.get(node.id)
        case ast.Attribute(value=ast.Name(id='HTTPStatus')):
            return HTTPStatus[node.attr].value
        case ast.Dict():
            return {key.value: value(each, known) for key, each in zip(node.keys, node.values, strict=True)}
        case ast.Starred():
            return {value(each, known) for each in ast.walk(node.value) if isinstance(each, ast.Name)} - {None}
    return None


def test_error_codes():
    used = {keywords['code'] for side in ('print_agent', 'indico_checkin_print')
            for _, keywords in calls('Error', under=side) if keywords.get('code')}
    used |= {kind('').reason for kind in (errors.ProtocolError, *errors.ProtocolError.__subclasses__())}
    assert {code for code, _ in table('code of `error` |')} == used


def test_close_codes():
    used = {1009}  # which websockets itself sends
    for arguments, _ in calls('_close', under='indico_checkin_print/relay/session.py'):
        used |= arguments[0] if isinstance(arguments[0], set) else {arguments[0]}
    documented = {int(row[0]) for row in table('code | meaning | the agent |')}
    assert documented == used
    # nobody sends 1006, and 1012 comes from a proxy
    assert set(close_reasons._CLOSE_CODES) - {1006, 1012} <= documented


def test_errors_by_http():
    """Those that programs get who ask for badges stand in the docs of the API."""
    of_badges = {tuple(arguments[:2]) for arguments, _ in calls('APIError', under='indico_checkin_print/api/badges.py')}
    used = {tuple(arguments[:2]) for path in [ROOT / 'print_agent/webhook/receiver.py',
                                              *(ROOT / 'indico_checkin_print/api').glob('*.py')]
            if path.name != 'badges.py' for arguments, _ in calls('RequestRefused', 'APIError', under=path)}
    used |= {(arguments[0], arguments[1]['error'])
             for arguments, _ in calls('_answer', under='indico_checkin_print/relay/server.py')
             if isinstance(arguments[1], dict) and 'error' in arguments[1]}
    used |= {(503, arguments[0]) for arguments, _ in calls('_later', under='indico_checkin_print/relay/server.py')}
    used |= {(401, arguments[0]) for arguments, _ in calls('SignatureError', under='print_agent/protocol/signing.py')}
    used |= {(400, 'missing_header')}  # the webhook endpoint of the agent distinguishes the two
    used = {(status, code) for status, code in used if isinstance(code, str) and status}
    assert {(int(status), code) for status, code, *_ in table('status | code |')} == used
    # and those of each endpoint that takes JSON
    api = (ROOT / 'docs/api.md').read_text()
    documented = {(int(status), code) for status, code, *_ in table('status | `error` |', api)}
    assert documented == of_badges | {(400, 'bad_message')}


def test_the_answers_to_an_upgrade():
    documented = {status for row in table('answer | meaning |') for status in re.findall(r'\d+', row[0])}
    used = {str(arguments[0]) for arguments, _ in calls('_answer', under='indico_checkin_print/relay/server.py')
            if arguments[0] and isinstance(arguments[1], dict) and 'error' in arguments[1]}
    assert used | {'503'} <= documented


def test_sizes():
    assert f'at most {p.MAX_MESSAGE // 1024} KiB' in DOCS
    assert f'PDF: {p.MAX_DOCUMENT // 1024 // 1024} MiB, {p.MAX_PAGES} pages, {p.MAX_SIDE_MM:.0f} mm' in DOCS
    assert f'a body of at most {2 * p.MAX_MESSAGE // 1024} KiB' in DOCS
