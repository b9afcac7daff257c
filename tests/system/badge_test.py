"""From a scan to paper, and what two scans, an undone scan and bad input make of it."""

import json
import time

import pytest
import requests

from print_agent.protocol import messages, signing

from tests.stack.checkin import CheckIn
from tests.stack.papers import names_in, read
from tests.stack.pictures import save_paper
from tests.stack.process import wait_for
from tests.system.conftest import PICTURES, makes_a_picture


@pytest.fixture
def people(take):
    return take(6)


def papers_of(stack, person):
    return [paper for paper in stack.papers() if person in names_in(read(paper.path).text, [person])]


@pytest.fixture
def scan(stack):
    """Return a function that checks somebody in and waits for the badge."""
    def _scan(person):
        before = len(papers_of(stack, person))
        CheckIn(stack)(person)
        wait_for(lambda: len(papers_of(stack, person)) > before, 30, interval=0.05)
        return papers_of(stack, person)[-1]
    return _scan


def jobs_of(stack, person):
    return stack.postgres.sql('indico', f"""
        SELECT j.uuid, j.state FROM plugin_checkin_print.jobs j WHERE registration_id = {person['id']} ORDER BY id""")


def test_scan_to_paper(stack, people, scan):
    paper = scan(people[0])
    content = read(paper.path)
    assert len(content.pages) == 1
    assert content.has_size(stack.seeded['template']['width_mm'], stack.seeded['template']['height_mm'])
    assert names_in(content.text, stack.seeded['registrations']) == [people[0]]
    assert paper.printer == stack.seeded['desk_of_form'][str(people[0]['form_id'])].lower().replace(' ', '')
    # the truth is back in Indico
    wait_for(lambda: jobs_of(stack, people[0])[0].endswith('\t7'), 10)


def test_two_scans_print_once(stack, people, scan):
    scan(people[1])
    CheckIn(stack)(people[1])
    time.sleep(2)
    assert len(papers_of(stack, people[1])) == 1
    assert len(jobs_of(stack, people[1])) == 1


@pytest.fixture
def always_reprint(stack):
    """Let the event print another badge when somebody is checked in again."""
    stack.postgres.sql('indico', f"""
        INSERT INTO plugin_checkin_print.events (event_id, paused, unpaid, reprint, bulk_limit, sources)
        VALUES ({stack.seeded["event"]["id"]}, false, 2, 2, 20, '{{app,list,bulk,api}}')
        ON CONFLICT (event_id) DO UPDATE SET reprint = 2""")
    yield
    stack.postgres.sql('indico', 'UPDATE plugin_checkin_print.events SET reprint = 1')


def test_the_same_badge_has_the_same_bytes(stack, people, scan, always_reprint):
    """Undone and scanned again is a new check-in, and the new badge is the old one to the byte."""
    first = scan(people[2])
    CheckIn(stack)(people[2], False)
    second = scan(people[2])
    assert first.path != second.path
    sums = stack.postgres.sql('indico', f"""
        SELECT d.sha256 FROM plugin_checkin_print.documents d JOIN plugin_checkin_print.jobs j ON j.document_id = d.id
        WHERE j.registration_id = {people[2]['id']}""")
    assert len(sums) == 2
    assert len(set(sums)) == 1
    # the printers get what CUPS makes of it: its pdftopdf writes the time into the id in the trailer, and nowhere else
    assert first.path.read_bytes().split(b'trailer')[0] == second.path.read_bytes().split(b'trailer')[0]


@makes_a_picture
def test_picture(stack, people, scan):
    paper = scan(people[3])
    save_paper(paper.path, PICTURES / 'badge.png')


@pytest.mark.parametrize(('code', 'status', 'error'), [
    ('WRONG-CODE1', 403, 'wrong_code'),
    ('x' * 1000, 400, 'bad_message'),
])
def test_a_wrong_pairing_code(stack, code, status, error):
    answer = requests.post(f'{stack.url}/api/plugin/checkin-print/pair', json={'code': code}, timeout=30)
    assert (answer.status_code, answer.json()['error']) == (status, error)
    assert answer.json()['message']


def test_an_oversized_body(stack):
    answer = requests.post(f'{stack.url}/api/plugin/checkin-print/poll', data=b'x' * (2 * messages.MAX_MESSAGE + 1),
                           headers={'Authorization': 'Bearer icpa_x', 'Content-Type': 'application/json'}, timeout=30)
    # without a token nothing of a request is read
    assert answer.status_code == 401
    answer = requests.post(f'{stack.url}/api/plugin/checkin-print/pair', data=b'x' * (2 * messages.MAX_MESSAGE + 1),
                           headers={'Content-Type': 'application/json'}, timeout=30)
    assert (answer.status_code, answer.json()['error']) == (413, 'too_large')


def test_a_report_that_nobody_signed(stack, people, scan):
    """An agent printed this one, so no receiver has a say about it; nothing of it changes."""
    scan(people[4])
    uuid = jobs_of(stack, people[4])[0].split('\t')[0]
    body = json.dumps({'message': {'type': 'failed', 'job': uuid, 'dispatch': 1, 'reason': 'x'}}).encode()
    headers = signing.headers([signing.new_secret()], 'some-id', int(time.time()), body)
    answer = requests.post(f'{stack.url}/api/plugin/checkin-print/outcome/{uuid}', data=body, timeout=30,
                           headers={**headers, 'Content-Type': 'application/json'})
    assert (answer.status_code, answer.json()['error']) == (401, 'bad_signature')
    assert not jobs_of(stack, people[4])[0].endswith('\t9')
