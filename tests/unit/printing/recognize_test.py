"""A badge among the jobs of a printer that hides names: never another job for ours."""

import pytest

from print_agent.errors import Unreachable
from print_agent.printing import recognize
from print_agent.printing.backend import is_named, short_tag
from print_agent.printing.ipp import PROCESSING, ListedJob
from print_agent.printing.recognize import Recognizer, newest, try_out, way


TAG = '0b6e0d4e-9c3f-4c6e-8f5b-0123456789ab.1-0a1b2c3d'
NAME = f'{short_tag(TAG)} badge [{TAG}]'


class FakePrinter:
    """A printer with jobs in it.

    :param shows: what it shows of a job's name
    """

    def __init__(self, shows=lambda name: name, *, lists=True, shows_users=True):
        self.shows, self.lists, self.shows_users = shows, lists, shows_users
        self.way, self.tries, self.restarts = None, set(), 0
        self.held, self.canceled, self.refuses = {}, [], None

    def add(self, name, state=PROCESSING):
        number = max(self.held, default=0) + 1
        self.held[number] = ListedJob(number, state, name=self.shows(name), is_ours=self.shows_users)
        return number

    async def jobs(self, tag):
        return [job for job in await self.own_jobs() if is_named(job.name, tag)]

    async def own_jobs(self):
        return list(self.held.values()) if self.lists else []

    async def job(self, number, tag=None):
        found = self.held.get(number)
        return found if found is not None and (tag is None or is_named(found.name, tag)) else None

    async def create_job(self, name):
        if self.refuses is not None:
            raise self.refuses
        number = self.add(name)
        self.tries.add(number)
        return number

    async def cancel(self, number):
        self.canceled.append(number)

    async def restarted_since(self, before):
        return self.restarts > before


def hidden(_name):
    return ''


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(recognize, 'TRIAL_DELAY', 0.0)
    monkeypatch.setattr(recognize, 'TRIAL_INTERVAL', 0.0)


async def numbers(known, *, is_due=True, is_delivered=True):
    return [job.id for job in await known.jobs(is_due=is_due, is_delivered=is_delivered)]


async def test_by_its_name_and_nothing_is_tried():
    printer = FakePrinter()
    printer.add('another')
    known = Recognizer(printer, TAG, await newest(printer))
    printer.add('a third one')
    number = printer.add(NAME)
    assert await numbers(known, is_due=False, is_delivered=False) == [number]
    assert (printer.way, known.is_nameless, printer.tries) == ('name', False, set())
    assert await newest(printer) is None  # not asked any more


@pytest.mark.parametrize('shows_users', [True, False])
@pytest.mark.parametrize('shows', [hidden, lambda _name: 'Untitled', lambda name: name[:8]])
async def test_as_the_only_new_job(shows, shows_users):
    printer = FakePrinter(shows, shows_users=shows_users)
    printer.add('another')
    known = Recognizer(printer, TAG, await newest(printer))
    assert await numbers(known, is_due=False, is_delivered=False) == []
    number = printer.add(NAME)
    assert await numbers(known, is_delivered=False) == []  # it may be somebody else's while ours is on its way
    assert await numbers(known) == [number]
    printer.add('one that comes later')
    assert await numbers(known) == [number]
    assert printer.way == 'new'
    assert printer.tries == set(printer.canceled)


async def test_not_among_several_not_even_when_one_of_them_disappears():
    printer = FakePrinter(hidden)
    known = Recognizer(printer, TAG, await newest(printer))
    printer.add(NAME)
    other = printer.add('of another computer')
    assert await numbers(known) == []
    del printer.held[other]
    assert await numbers(known) == []
    assert known.is_nameless


async def test_another_job_is_not_ours_at_a_printer_that_shows_names():
    printer = FakePrinter()
    known = Recognizer(printer, TAG, await newest(printer))
    printer.add('of another computer')
    for _ in range(3):
        assert await numbers(known) == []
    assert known.is_nameless is False
    assert len(printer.canceled) == 1


async def test_after_a_restart_of_the_agent_no_job_is_new():
    printer = FakePrinter(hidden)
    printer.add(NAME)
    known = Recognizer(printer, TAG, None)
    assert await numbers(known) == []
    assert known.is_nameless


async def test_the_same_number_after_a_power_cut_is_another_job():
    printer = FakePrinter(hidden)
    known = Recognizer(printer, TAG, await newest(printer))
    number = printer.add(NAME)
    assert await numbers(known) == [number]
    assert (await known.recheck(number)).id == number
    printer.restarts += 1
    assert await known.recheck(number) is None
    assert await numbers(known) == []


async def test_a_busy_printer_is_retried():
    printer = FakePrinter()
    known = Recognizer(printer, TAG, 0)
    printer.refuses = Unreachable('busy')
    assert await numbers(known) == []
    assert known.is_nameless is None
    printer.refuses = None
    assert await numbers(known) == []
    assert known.is_nameless is False


async def test_a_printer_that_began_to_hide_names_is_found_out():
    printer = FakePrinter(hidden)
    printer.way = 'name'
    known = Recognizer(printer, TAG, await newest(printer))
    printer.add(NAME)
    assert await numbers(known, is_delivered=False) == []
    assert not printer.tries
    assert await numbers(known) == []
    assert known.is_nameless


@pytest.mark.parametrize(('printer', 'expected'), [
    (FakePrinter(), 'name'), (FakePrinter(hidden), 'new'), (FakePrinter(lambda name: name[:9]), 'new'),
    (FakePrinter(lists=False), 'none')])
async def test_what_a_printer_allows_is_tried_without_printing(printer, expected):
    assert await way(printer) == expected
    assert printer.canceled == sorted(printer.tries) == [1]


async def test_nothing_is_tried_where_earlier_badges_have_names():
    printer = FakePrinter()
    printer.add(NAME)
    assert await way(printer) == 'name'
    assert not printer.tries


async def test_a_printer_without_such_jobs_and_one_that_falls_silent():
    printer = FakePrinter()
    printer.refuses = Unreachable('no', unreadable=True)
    assert await try_out(printer) == 'none'

    async def silence():
        raise Unreachable('no answer')

    printer = FakePrinter()
    printer.own_jobs = silence
    assert await try_out(printer) is None
    assert printer.canceled == [1]
    assert await newest(printer) is None
