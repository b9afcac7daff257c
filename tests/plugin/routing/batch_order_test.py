"""The order of a batch, and which desk prints which part of it."""

from datetime import UTC, datetime

import pytest

from indico_checkin_print.routing.batch_order import BatchOrder, Member, Sheet, arrange


def member(number, last_name, first_name='A', **kwargs):
    return Member(number, number, first_name, last_name, **kwargs)


def numbers(part):
    return [x.number for x in part]


@pytest.mark.parametrize(('order', 'expected'), [
    (BatchOrder.name, [2, 4, 3, 1]), (BatchOrder.company, [3, 1, 2, 4]), (BatchOrder.tag, [4, 2, 3, 1]),
    (BatchOrder.number, [1, 2, 3, 4]), (BatchOrder.checkin, [3, 4, 2, 1])])
def test_orders(order, expected):
    """Names by letter, not by byte; those without a company, a tag or a check-in follow the others."""
    people = [member(1, 'Zoll', company='zeta'), member(2, 'Ångström'),
              member(3, 'Łukasiewicz', company='Ärzte', checked_in_dt=datetime(2026, 11, 21, 9, tzinfo=UTC)),
              member(4, 'de Groot', tag='Speaker', checked_in_dt=datetime(2026, 11, 21, 10, tzinfo=UTC))]
    assert numbers(arrange(people, order, [7])[7]) == expected


def test_each_desk_gets_a_part_that_is_in_order():
    people = [member(number, f'Name {number:03}') for number in range(10)]
    parts = arrange(people, BatchOrder.name, [3, 1, 2])
    assert list(parts) == [3, 1, 2]
    assert [numbers(part) for part in parts.values()] == [[0, 1, 2], [3, 4, 5], [6, 7, 8, 9]]


def test_more_desks_than_people():
    parts = arrange([member(1, 'A')], BatchOrder.name, [1, 2])
    assert sum(len(part) for part in parts.values()) == 1


@pytest.mark.parametrize(('order', 'expected'), [
    (BatchOrder.name, ['A', 1, 'B', 2, 3]), (BatchOrder.company, ['ACME', 3, 'Bell', 1, '–', 2]),
    (BatchOrder.number, ['#1 – #3', 1, 2, 3])])
def test_sheets_before_each_group(order, expected):
    people = [member(1, 'Álvarez', company='Bell'), member(2, 'Braun'), member(3, 'Busch', company='ACME')]
    part = arrange(people, order, [1], separators=True)[1]
    assert [x.text if isinstance(x, Sheet) else x.number for x in part] == expected


def test_accompanying_persons_stand_at_their_own_name():
    people = [member(1, 'Zoll'), member(1, 'Adams', person='x'), member(2, 'Braun')]
    assert [x.last_name for x in arrange(people, BatchOrder.name, [1])[1]] == ['Adams', 'Braun', 'Zoll']
    assert [x.person for x in arrange(people, BatchOrder.number, [1])[1]] == ['', 'x', '']
