"""A badge among the jobs of a printer that hides names: never another job for ours."""

import pytest

from print_agent.printing import recognize
from print_agent.printing.backend import is_named, short_tag
from print_agent.printing.ipp import ListedJob
from print_agent.errors import Unreachable
from print_agent.printing.recognize import Recognizer, newest, try_out, way


TAG = '0b6e0d4e-9c3f-4c6e-8f5b-0123456789ab.1-0a1b2c3d'
NAME = f'{short_tag(TAG)} badge [{TAG}]'


class Line:
    """A printer with jobs in it.

    :param shows: what it tells of a job's name
    """

    def __init__(self, shows=lambda name: name, *, lists=True, tells_users=True):
        self.shows, self.lists, self.tells_users = shows, lists, tells_users
        self.way, self.tries, self.restarts = None, set(), 0
        self.held, self.canceled, self.refuses = {}, [], None

    def add(self, name, state=5):
        number = max(self.held, default=0) + 1
        self.held[number] = ListedJob(number, state, name=self.shows(name), is_ours=self.tells_users)
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
    monkeypatch.setattr(recognize, 'PATIENCE', 0.0)
    monkeypatch.setattr(recognize, 'AGAIN', 0.0)


async def numbers(known, *, is_due=True, is_delivered=True):
    return [job.id for job in await known.jobs(is_due=is_due, is_delivered=is_delivered)]


async def test_by_its_name_and_nothing_is_tried():
    line = Line()
    line.add('another')
    known = Recognizer(line, TAG, await newest(line))
    line.add('a third one')
    number = line.add(NAME)
    assert await numbers(known, is_due=False, is_delivered=False) == [number]
    assert (line.way, known.is_nameless, line.tries) == ('name', False, set())
    assert await newest(line) is None  # not asked any more


@pytest.mark.parametrize('tells_users', [True, False])
@pytest.mark.parametrize('shows', [hidden, lambda _name: 'Untitled', lambda name: name[:8]])
async def test_as_the_only_new_job(shows, tells_users):
    line = Line(shows, tells_users=tells_users)
    line.add('another')
    known = Recognizer(line, TAG, await newest(line))
    assert await numbers(known, is_due=False, is_delivered=False) == []
    number = line.add(NAME)
    assert await numbers(known, is_delivered=False) == []  # it may be somebody else's while ours is on its way
    assert await numbers(known) == [number]
    line.add('one that comes later')
    assert await numbers(known) == [number]
    assert line.way == 'new'
    assert line.tries == set(line.canceled)


async def test_not_among_several_not_even_when_one_of_them_disappears():
    line = Line(hidden)
    known = Recognizer(line, TAG, await newest(line))
    line.add(NAME)
    other = line.add('of another computer')
    assert await numbers(known) == []
    del line.held[other]
    assert await numbers(known) == []
    assert known.is_nameless


async def test_another_job_is_not_ours_at_a_printer_that_tells_names():
    line = Line()
    known = Recognizer(line, TAG, await newest(line))
    line.add('of another computer')
    for _ in range(3):
        assert await numbers(known) == []
    assert known.is_nameless is False
    assert len(line.canceled) == 1


async def test_after_a_restart_of_the_agent_no_job_is_new():
    line = Line(hidden)
    line.add(NAME)
    known = Recognizer(line, TAG, None)
    assert await numbers(known) == []
    assert known.is_nameless


async def test_the_same_number_after_a_power_cut_is_another_job():
    line = Line(hidden)
    known = Recognizer(line, TAG, await newest(line))
    number = line.add(NAME)
    assert await numbers(known) == [number]
    assert (await known.again(number)).id == number
    line.restarts += 1
    assert await known.again(number) is None
    assert await numbers(known) == []


async def test_a_printer_that_is_busy_is_tried_again():
    line = Line()
    known = Recognizer(line, TAG, 0)
    line.refuses = Unreachable('busy')
    assert await numbers(known) == []
    assert known.is_nameless is None
    line.refuses = None
    assert await numbers(known) == []
    assert known.is_nameless is False


async def test_a_printer_that_began_to_hide_names_is_found_out():
    line = Line(hidden)
    line.way = 'name'
    known = Recognizer(line, TAG, await newest(line))
    line.add(NAME)
    assert await numbers(known, is_delivered=False) == []
    assert not line.tries
    assert await numbers(known) == []
    assert known.is_nameless


@pytest.mark.parametrize(('line', 'expected'), [
    (Line(), 'name'), (Line(hidden), 'new'), (Line(lambda name: name[:9]), 'new'), (Line(lists=False), 'none')])
async def test_what_a_printer_allows_is_tried_without_printing(line, expected):
    assert await way(line) == expected
    assert line.canceled == sorted(line.tries) == [1]


async def test_nothing_is_tried_where_earlier_badges_have_names():
    line = Line()
    line.add(NAME)
    assert await way(line) == 'name'
    assert not line.tries


async def test_a_printer_without_such_jobs_and_one_that_falls_silent():
    line = Line()
    line.refuses = Unreachable('no', unreadable=True)
    assert await try_out(line) == 'none'

    async def silence():
        raise Unreachable('no answer')

    line = Line()
    line.own_jobs = silence
    assert await try_out(line) is None
    assert line.canceled == [1]
    assert await newest(line) is None
