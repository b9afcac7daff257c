"""The order of a batch: who comes after whom, which desk prints whom, and what the sheets between them say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from indico_checkin_print.routing.collation import LAST, name_key, text_key


class BatchOrder(StrEnum):
    """What a batch is sorted by; within it by name."""

    name = 'name'
    company = 'company'
    tag = 'tag'
    number = 'number'
    checkin = 'checkin'


@dataclass(frozen=True)
class Member:
    """One person of a batch."""

    registration_id: int
    #: The number that Indico shows
    number: int
    first_name: str
    last_name: str
    #: The id of an accompanying person; empty for the registrant
    person: str = ''
    company: str = ''
    #: The first of the registration's tags
    tag: str = ''
    checked_in_dt: datetime | None = None
    #: The badge that this one repeats
    reprint_of_id: int | None = None


@dataclass(frozen=True)
class Sheet:
    """A sheet that separates groups of badges."""

    text: str


def arrange(members, order, desk_ids, *, separators=False):
    """Return what each desk prints: a dict of lists of `Member` and `Sheet`, by the id of the desk.

    Each desk gets a part of the sorted badges that follow each other, so that its pile is in order. The parts are
    equally long, give or take one.
    """
    members, parts, begin = sorted(members, key=lambda member: _key(member, order)), {}, 0
    for number, desk_id in enumerate(desk_ids, 1):
        end = len(members) * number // len(desk_ids)
        part, begin = members[begin:end], end
        parts[desk_id] = _separated(part, order) if separators else part
    return parts


def _key(member, order):
    name = (name_key(member.last_name), name_key(member.first_name), member.number, member.person)
    if order == BatchOrder.company:
        # those without one follow the others
        return (text_key(member.company) or LAST, *name)
    if order == BatchOrder.tag:
        return (text_key(member.tag) or LAST, *name)
    if order == BatchOrder.number:
        return (member.number, member.person != '', *name)
    if order == BatchOrder.checkin:
        return (member.checked_in_dt is None, member.checked_in_dt.timestamp() if member.checked_in_dt else 0, *name)
    return name


def _separated(part, order):
    result, last = [], None
    for member in part:
        group = _group(member, order)
        if group != last:
            # orders without groups have one sheet, before all of them
            result.append(Sheet(group or f'#{part[0].number} – #{part[-1].number}'))
        result.append(member)
        last = group
    return result


def _group(member, order):
    """Return what the sheet before a group of badges says; empty if the order has no groups."""
    if order == BatchOrder.name:
        return name_key(member.last_name)[:1].upper() or '–'
    if order == BatchOrder.company:
        return member.company.strip() or '–'
    if order == BatchOrder.tag:
        return member.tag or '–'
    return ''
