"""Reads an answer in IPP (RFC 8010, 3.1) as tolerantly as CUPS does.

pyipp's own reader gives up a whole answer for one value: a date with month 0, a number that its enumerations lack, a
collection of a maker's own. Printers send such values unasked. Here only what the agent needs is understood, and
everything else is skipped by its length. A collection becomes a dictionary of what is understood of it.
"""

import struct
from typing import Any

from print_agent.errors import Unreadable


_GROUPS = {0x01: 'operation', 0x02: 'jobs', 0x04: 'printers', 0x05: 'unsupported'}
_END = 0x03
_INTEGERS = (0x21, 0x23)
_BOOLEAN = 0x22
_RESOLUTION = 0x32
_DOTS_PER_CM = 4
_BEGIN, _MEMBER, _END_COLLECTION = 0x34, 0x4a, 0x37
_WITH_LANGUAGE = (0x35, 0x36)
_FIRST_TEXT, _LAST_TEXT = 0x41, 0x49


def read(data: bytes) -> dict[str, Any]:
    """Return ``version``, ``status-code`` and lists of attributes: ``operation``, ``jobs``, ``printers``.

    A value that is not understood is left out. Raises :class:`Unreadable` if the answer has another structure.
    """
    try:
        return _read(data)
    except (struct.error, IndexError) as exc:
        raise Unreadable('the answer is not IPP, or breaks off') from exc


def _read(data: bytes) -> dict[str, Any]:
    major, minor, status = struct.unpack_from('>BBH', data)
    reply: dict[str, Any] = {'version': (major, minor), 'status-code': status,
                             **{name: [] for name in _GROUPS.values()}}
    if major not in (1, 2):
        raise Unreadable('the answer is not IPP')
    group: dict[str, Any] | None = None
    offset, name, is_repeated = 8, '', False
    # the collections that are open, from the outside in, and the member of the last one that is read
    open_ones: list[dict[str, Any]] = []
    members: list[str] = []
    while (tag := data[offset]) != _END:
        offset += 1
        if tag < 0x10:
            group, open_ones, members = {}, [], []
            reply[_GROUPS.get(tag, 'unsupported')].append(group)
            continue
        key, offset = _chunk(data, offset)
        raw, offset = _chunk(data, offset)
        if group is None:
            raise Unreadable('an attribute outside of any group')
        if key and not open_ones:
            name = key.decode(errors='replace')
            is_repeated = name in group
        if tag == _BEGIN:
            open_ones.append({})
            members.append('')
            continue
        if tag == _MEMBER:
            if members:
                members[-1] = raw.decode(errors='replace')
            continue
        value: Any = _value(tag, raw)
        if tag == _END_COLLECTION and open_ones:
            value = open_ones.pop()
            members.pop()
        if value is None:
            continue
        if open_ones:
            _add(open_ones[-1], members[-1], value)
        elif not is_repeated:  # of an attribute that is there twice, the first counts, as for CUPS
            _add(group, name, value)
    return reply


def _add(values: dict[str, Any], name: str, value: Any) -> None:
    """Note a value: the only one of its name, or one more."""
    if name not in values:
        values[name] = value
    elif isinstance(values[name], list):
        values[name].append(value)
    else:
        values[name] = [values[name], value]


def _chunk(data: bytes, offset: int) -> tuple[bytes, int]:
    length, = struct.unpack_from('>H', data, offset)
    end = offset + 2 + length
    if end > len(data):
        raise Unreadable('the answer breaks off')
    return data[offset + 2:end], end


def _value(tag: int, raw: bytes) -> int | bool | str | None:
    """What a value says; None if that is not understood. A resolution is in dots per inch, the coarser way."""
    if tag in _INTEGERS and len(raw) == 4:
        return int.from_bytes(raw, signed=True)
    if tag == _BOOLEAN and len(raw) == 1:
        return raw != b'\0'
    if tag == _RESOLUTION and len(raw) == 9:
        across, along, unit = struct.unpack('>iib', raw)
        return round(int(min(across, along)) * (2.54 if unit == _DOTS_PER_CM else 1))
    if tag in _WITH_LANGUAGE:
        _, offset = _chunk(raw, 0)
        return _chunk(raw, offset)[0].decode(errors='replace')
    return raw.decode(errors='replace') if _FIRST_TEXT <= tag <= _LAST_TEXT else None
