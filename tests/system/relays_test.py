"""Relays that come and go: an agent moves from one to another, PostgreSQL restarts, a relay stops.

A second relay runs beside that of the stack. The stack is afterwards as it was.
"""

import json
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.stack.checkin import CheckIn
from tests.stack.papers import names_in, read
from tests.stack.process import Service, accepts, free_port, wait_for
from tests.stack.states import JobState
from tests.system.prometheus import read_metrics


COMPLETED = str(int(JobState.completed))
PREFIX = 'checkin_print_relay_'


@dataclass(frozen=True)
class Relay:
    """A relay, and what it says about itself."""

    service: Service
    port: int

    def health(self):
        answer = requests.get(f'http://127.0.0.1:{self.port}/healthz', timeout=10)
        return answer.status_code, answer.json()

    def metrics(self):
        """Return everything that it counts, without the common prefix."""
        answer = requests.get(f'http://127.0.0.1:{self.port}/metrics', timeout=10)
        assert (answer.status_code, answer.headers['Content-Type']) == (200, 'text/plain; version=0.0.4')
        return {name.removeprefix(PREFIX): value for name, value in read_metrics(answer.text).items()}


@pytest.fixture(scope='module')
def other(stack):
    """A second relay."""
    relay = Relay(stack.indico.relay(port := free_port(), 2), port)
    relay.service.start()
    yield relay
    relay.service.stop()
    # nobody shall miss it
    stack.postgres.sql('indico', f"""
        DELETE FROM plugin_checkin_print."marks" WHERE name LIKE 'relay %:{port}'""")


@pytest.fixture
def relay(stack):
    """The relay that the agents of the stack know."""
    return Relay(stack.relay, stack.relay_port)


class Line:
    """A websocket of a `Client`, on which nothing happens automatically."""

    def __init__(self, client, relay):
        self._client = client
        self._ws = connect(f'ws://127.0.0.1:{relay.port}/checkin-print/ws', additional_headers=client.auth,
                           compression=None, max_size=9 * 1024 ** 2)
        self.say([client.hello()])
        assert json.loads(self._ws.recv(timeout=20))['type'] == 'welcome'
        self.say(client.owed())

    def say(self, messages):
        for message in messages:
            self._ws.send(json.dumps(message))

    def read(self):
        """Return the next message and its document; the client does not know of it."""
        message = json.loads(self._ws.recv(timeout=20))
        return message, self._ws.recv(timeout=20) if message['type'] == 'job' else None

    def hear(self):
        """Let the client hear the next message."""
        message, document = self.read()
        self.say(self._client.hear(message, document, time.monotonic()))
        return message

    def listen(self, done):
        """Hear, without printing, until `done()`."""
        while not done():
            self.hear()

    def work(self, done):
        """Print and hear until `done()`."""
        self._client.print(self.say)
        while not done():
            self.hear()
            self._client.print(self.say)

    def ended_with(self):
        """Return the code with which the relay closes; the client does not hear what was said before."""
        try:
            while True:
                self.read()
        except ConnectionClosed as exc:
            return exc.rcvd.code

    def close(self):
        self._ws.close()


@pytest.fixture
def line(client):
    """Return a function that connects the client with a relay."""
    lines = []

    def _line(relay):
        lines.append(Line(client, relay))
        return lines[-1]
    yield _line
    for one in lines:
        one.close()


def jobs_of(stack, people):
    """Return (uuid, state, dispatch) of the jobs of people, sorted."""
    ids = ', '.join(str(p['id']) for p in people)
    return sorted(row.split('\t') for row in stack.postgres.sql('indico', f"""
        SELECT uuid, state, dispatch FROM plugin_checkin_print.jobs WHERE registration_id IN ({ids})"""))


def papers_of(stack, person):
    title = f'Badge {stack.seeded["event"]["id"]}-{person["id"]}-'
    return [paper for paper in stack.papers()
            if title in paper.title and names_in(read(paper.path).text, [person])]


def test_an_agent_moves_between_relays(stack, client, relay, other, line, take):
    """An agent moves between relays and each badge is given away once."""
    people, check_in = take(8), CheckIn(stack)
    first = line(relay)
    for person in people[:3]:
        check_in(person)
    lost, __ = first.read()
    first.listen(lambda: len(client.jobs) == 2)
    assert lost['go']
    assert {job['state'] for job in client.jobs.values()} == {'waiting'}
    # the first relay does not know yet that the agent speaks through the second
    second = line(other)
    for person in people[3:6]:
        check_in(person)
    repeated = second.hear()
    assert (repeated['job'], repeated['dispatch'], repeated['go']) == (lost['job'], lost['dispatch'], True)
    # the permission is as old as it was
    assert 0 < repeated['print_within'] < lost['print_within']
    assert first.ended_with() == 4001
    second.work(lambda: len(client.papers) == 4)
    # and back, in the middle of what it holds
    third = line(relay)
    for person in people[6:]:
        check_in(person)
    assert second.ended_with() == 4001
    third.work(lambda: len(client.papers) == 8 and not client.owed())
    assert set(Counter(job for job, __ in client.papers).values()) == {1}
    # no badge had to be given away twice
    assert jobs_of(stack, people) == sorted([job, COMPLETED, '1'] for job, __ in client.papers)


def test_metrics_count_what_happened(stack, client, other, line, take):
    before = other.metrics()
    with pytest.raises(InvalidStatus):
        connect(f'ws://127.0.0.1:{other.port}/checkin-print/ws', additional_headers={'Authorization': 'Bearer icpa_x'})
    talk = line(other)
    CheckIn(stack)(take(1)[0])
    talk.listen(lambda: client.jobs)
    during = other.metrics()
    assert (during['agents'], during['in_flight'], during['database_up']) == (1, 1, 1)
    talk.work(lambda: client.acks)
    agent_id = client.paired['agent']['id']
    stack.postgres.sql('indico', f"""
        UPDATE plugin_checkin_print.agents SET revoked_dt = now() WHERE id = {agent_id};
        NOTIFY checkin_print, 'agent {agent_id}'""")
    assert talk.ended_with() == 4003
    wait_for(lambda: other.metrics()['agents'] == 0, 10)
    after = other.metrics()
    gained = {name: value - before.get(name, 0) for name, value in after.items()}
    (__, document), = client.papers
    for name, value in {
        'connections_total{result="unknown_token"}': 1, 'connections_total{result="accepted"}': 1,
        'received_total{type="hello"}': 1, 'received_total{type="accepted"}': 1, 'received_total{type="printing"}': 1,
        'received_total{type="completed"}': 1, 'sent_total{type="welcome"}': 1, 'sent_total{type="job"}': 1,
        'sent_total{type="ack"}': 1, 'document_bytes_total': len(document), 'push_seconds_count': 1,
        'links_ended_total{reason="revoked"}': 1, 'database_calls_total{call="hello"}': 1,
    }.items():
        assert (name, gained.get(name)) == (name, value)
    assert after['in_flight'] == 0
    assert after['start_time_seconds'] == before['start_time_seconds']
    # Indico alone is larger than that
    assert after['memory_bytes'] > 50e6


def test_a_relay_that_stops_says_so_and_its_agents_return(stack, client, relay, line, take):
    talk = line(relay)
    CheckIn(stack)(take(1)[0])
    talk.listen(lambda: client.jobs)
    os.kill(relay.service.pid, signal.SIGTERM)
    assert talk.hear()['type'] == 'drain'
    assert talk.ended_with() == 1001
    assert relay.service.process.wait(30) == 0
    assert not accepts(relay.port)
    # nobody waits for a relay: Celery renders, and the laptop asks Indico
    person, = take(1, form=1)
    CheckIn(stack)(person)
    relay.service.start()
    # this one still has its badge, and the two of the stack are there again
    talk = line(relay)
    talk.work(lambda: client.acks)
    assert len(client.papers) == 1
    talk.close()
    wait_for(lambda: relay.health()[1]['agents'] == 2, 60, interval=0.1)
    wait_for(lambda: papers_of(stack, person), 30, interval=0.1)
    assert len(papers_of(stack, person)) == 1


def test_a_database_that_restarts(stack, client, relay, other, line, take):
    talk = line(other)
    person, = take(1)
    CheckIn(stack)(person)
    talk.listen(lambda: client.jobs)
    stack.postgres.service.stop()
    try:
        for one in (relay, other):
            wait_for(lambda one=one: one.health()[0] == 503, 10)
            assert one.health()[1]['database'] is False
            assert one.metrics()['database_up'] == 0
        # an agent that connects now is refused with 503
        with pytest.raises(InvalidStatus) as excinfo:
            line(relay)
        assert excinfo.value.response.status_code == 503
        assert int(excinfo.value.response.headers['Retry-After']) > 0
        assert json.loads(excinfo.value.response.body)['error'] == 'database'
        # what is said now has time
        client.print(talk.say)
    finally:
        stack.postgres.service.start()
    talk.listen(lambda: client.acks)
    assert [state for __, state, __ in jobs_of(stack, [person])] == [COMPLETED]
    for one in (relay, other):
        wait_for(lambda one=one: one.health()[0] == 200, 10)
    # Indico's own connections are stale, and each of its processes finds out by a request that fails
    wait_for_indico(stack)
    # the laptops are still there, or there again
    after, = take(1, form=1)
    CheckIn(stack)(after)
    wait_for(lambda: papers_of(stack, after), 30, interval=0.1)
    assert len(papers_of(stack, after)) == 1
    wait_for(lambda: relay.health()[1] == {'database': True, 'agents': 2, 'draining': False}, 60, interval=0.1)


def wait_for_indico(stack):
    """Wait until no process of Indico's web server fails."""
    def _works():
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: requests.get(stack.event_url, timeout=60).status_code, range(16)))
        return set(answers) == {200}
    wait_for(_works, 60)
