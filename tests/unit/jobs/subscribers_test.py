"""Who hears what becomes of jobs."""

import pytest

from print_agent.jobs.subscribers import Subscribers
from print_agent.protocol import messages as p
from print_agent.spool.job import LOCAL, Source, State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, PDF, make_job


MESSAGE = p.Accepted(job=J1, dispatch=1)


@pytest.fixture
def subscribers():
    return Subscribers()


@pytest.fixture
def entry(tmp_path):
    """Return a function that returns a job of a source."""
    spool = Spool(tmp_path / 'spool.sqlite3')
    yield lambda source, **kwargs: spool.store(source, make_job(), PDF, state=State.waiting, **kwargs)
    spool.close()


def test_messages_go_to_their_source_while_it_listens(subscribers):
    heard = []
    subscribers.notify('a', MESSAGE)
    subscribers.listen('a', heard.append)
    subscribers.notify('b', MESSAGE)
    subscribers.notify('a', MESSAGE, MESSAGE)
    subscribers.listen('a', None)
    subscribers.notify('a', MESSAGE)
    assert heard == [MESSAGE, MESSAGE]


def test_who_waits_for_an_outcome(subscribers, entry):
    assert subscribers.wait_for(entry('a'))
    assert not subscribers.wait_for(entry(LOCAL))
    webhook = str(Source.webhook('desk1'))
    assert not subscribers.wait_for(entry(webhook))
    assert subscribers.wait_for(entry(webhook, callback='https://indico.example.com/outcome'))


def test_nobody_waits_for_an_orphan(subscribers, entry):
    subscribers.orphan('a')
    assert not subscribers.wait_for(entry('a'))
    subscribers.adopt('a')
    assert subscribers.wait_for(entry('a'))
