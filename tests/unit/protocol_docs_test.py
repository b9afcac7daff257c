"""docs/protocol.md has each field with its limit, and each code: enough to write another agent from it."""

import re
from pathlib import Path

import pytest
from msgspec import NODEFAULT, inspect

from print_agent import protocol as p
from print_agent.text import PLAIN


DOCS = (Path(__file__).parents[2] / 'docs' / 'protocol.md').read_text()
CLASSES = (*dict.fromkeys(p.FromAgent.__args__ + p.FromServer.__args__), p.Printer, p.Held, p.Poll, p.PollReply,
           p.Delivery, p.DeliveryData)


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
            return f'{"over 0" if kind.gt is not None else f"{kind.ge:g}"} to {kind.le:.0f}'
        case inspect.BoolType():
            return 'true or false'
        case inspect.LiteralType():
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
            needed = field.default is NODEFAULT and field.default_factory is NODEFAULT
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


@pytest.mark.parametrize('code', ['bad_message', 'unknown_type', 'too_large', 'no_hello', 'version', 'no_document',
                                  'unexpected_document'])
def test_error_codes(code):
    assert f'| `{code}` |' in DOCS


@pytest.mark.parametrize('code', [1001, 1002, 1008, 1009, 1011, 1013, 4000, 4001, 4003])
def test_close_codes(code):
    assert f'\n| {code} |' in DOCS


def test_sizes():
    assert f'at most {p.MAX_MESSAGE // 1024} KiB' in DOCS
    assert f'PDF: {p.MAX_DOCUMENT // 1024 // 1024} MiB, {p.MAX_PAGES} pages, {p.MAX_SIDE_MM:.0f} mm' in DOCS
    assert f'a body of at most {2 * p.MAX_MESSAGE // 1024} KiB' in DOCS
