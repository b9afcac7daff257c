"""docs/protocol.md is enough to write an agent: one written from it pairs, prints and reports, both ways."""

import pytest

from tests.stack.checkin import CheckIn
from tests.stack.manager import Manager
from tests.stack.papers import names_in, read
from tests.stack.states import JobState
from tests.system.independent_client import Client


def jobs_of(stack, people):
    """The jobs of people, in order: (uuid, state, dispatch)."""
    ids = ', '.join(str(p['id']) for p in people)
    rows = stack.postgres.sql('indico', f"""
        SELECT uuid, state, dispatch FROM plugin_checkin_print.jobs WHERE registration_id IN ({ids}) ORDER BY id""")
    return [tuple(row.split('\t')) for row in rows if row]


def states(stack, people):
    return [JobState(int(state)) for _uuid, state, _dispatch in jobs_of(stack, people)]


@pytest.mark.parametrize('way', ['stream', 'poll'])
def test_pairs_receives_prints_and_reports(stack, client, take, tmp_path, way):
    talk = getattr(client, way)
    people = take(6)
    for person in people:
        CheckIn(stack)(person)
    talk(lambda: len(client.acks) >= 6)
    assert states(stack, people) == [JobState.completed] * 6
    # each got a badge, and one only
    assert sorted(id_ for id_, _document in client.papers) == sorted(uuid for uuid, *_ in jobs_of(stack, people))
    printed = []
    for id_, document in client.papers:
        path = tmp_path / f'{id_}.pdf'
        path.write_bytes(document)
        printed += names_in(read(path).text, people)
    assert sorted(p['id'] for p in printed) == sorted(p['id'] for p in people)


def test_says_again_what_was_not_acknowledged_also_the_other_way(stack, client, take):
    people = take(2)
    for person in people:
        CheckIn(stack)(person)
    client.stream(lambda: len(client.papers) == 2, deaf=True)
    assert not client.acks
    assert len(client.owed()) == 2
    client.poll(lambda: not client.owed())
    assert states(stack, people) == [JobState.completed] * 2
    assert len(client.papers) == 2
    # nothing is left to say or to print
    assert client.hello()['holding'] == []


def test_a_printer_that_fails_and_a_second_try(stack, client, take):
    people = take(1)
    client.broken = 'media-jam'
    CheckIn(stack)(people[0])
    client.stream(lambda: client.acks)
    assert states(stack, people) == [JobState.failed]
    assert client.papers == []
    client.broken = ''
    job_id, = stack.postgres.sql('indico', f"""
        SELECT id FROM plugin_checkin_print.jobs WHERE registration_id = {people[0]["id"]}""")
    Manager(stack).post(f'/manage/checkin-print/jobs/{job_id}/retry')
    client.stream(lambda: len(client.acks) == 2)
    assert states(stack, people) == [JobState.completed]
    assert len(client.papers) == 1
    first, second = (ack['dispatch'] for ack in client.acks)
    assert first < second


def test_answers_what_it_does_not_know():
    client = Client.__new__(Client)
    client.jobs = {}
    assert client.hear({'type': 'fax'}, None, 0)[0]['code'] == 'unknown_type'
    assert client.hear({'type': 'go', 'job': 'x', 'dispatch': 3, 'print_within': 30}, None, 0) == [
        {'type': 'returned', 'job': 'x', 'dispatch': 3, 'reason': 'not_here'}]
