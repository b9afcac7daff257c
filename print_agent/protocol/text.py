"""Text that both sides can store and show: no control characters, no halves of surrogate pairs, never too long.

Printers pad their names with NUL, and people paste line breaks into theirs. PostgreSQL refuses U+0000, terminals act on
the others. The contract refuses them all (:data:`PLAIN`), so each side runs :func:`fit` over what it says: a message
must never be lost because of a word in it.
"""

import re
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, inspect


#: What a text may consist of: anything but C0, DEL and C1 (Unicode's category Cc).
PLAIN = r'^[^\x00-\x1f\x7f-\x9f]*\Z'
_unfit = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff]+')
#: Ends a text that was cut.
CUT = '…'

AnyStruct = TypeVar('AnyStruct', bound=Struct)


def clean(text: str, length: int | None = None) -> str:
    """Return a text with a blank for each run of control characters, none at its ends, cut to so many characters."""
    if _unfit.search(text):
        text = _unfit.sub(' ', text).strip()
    if length is not None and len(text) > length:
        text = text[:length - 1] + CUT
    return text


def fit(message: AnyStruct) -> AnyStruct:
    """Return a message whose texts are what the contract allows, themselves included in what it contains."""
    changes = {}
    for name, kind in _texts(type(message)):
        value = getattr(message, name)
        if (fitting := _fitted(value, kind)) is not value:
            changes[name] = fitting
    return msgspec.structs.replace(message, **changes) if changes else message


def _fitted(value: Any, kind: inspect.StrType | None) -> Any:
    """Return the value itself if nothing is to be changed in it. ``kind`` is of the text in it, None for structs."""
    match value:
        case str() if kind is not None:
            text = clean(value, kind.max_length) or ('?' if kind.min_length else '')
            return value if text == value else text
        case Struct():
            return fit(value)
        case tuple():
            items = tuple(_fitted(each, kind) for each in value)
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    return value


@cache
def _texts(cls: type[Struct]) -> tuple[tuple[str, inspect.StrType | None], ...]:
    """The fields of a struct with text, or with structs, in them. Ids and hashes have a form of their own."""
    found: list[tuple[str, inspect.StrType | None]] = []
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        for kind in kinds:
            inner = kind.item_type if isinstance(kind, inspect.VarTupleType) else kind
            if isinstance(inner, inspect.StrType) and inner.pattern == PLAIN:
                found.append((field.name, inner))
            elif isinstance(inner, inspect.StructType | inspect.UnionType):
                found.append((field.name, None))
    return tuple(found)
