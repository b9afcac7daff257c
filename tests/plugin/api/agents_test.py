"""Polling: what an agent says and hears by plain HTTPS, its documents, and bad input of every kind."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

import msgspec
import pytest

from indico.util.date_time import now_utc

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Accepted, Completed, Drain, Hello, Poll, PollReply, Printer, Printing, Welcome

from indico_checkin_print import ledger
from indico_checkin_print.agents import inbound
from indico_checkin_print.api import agents as agents_api
from indico_checkin_print.api.tokens import MIN_READ_INTERVAL, UNKNOWN_TOKEN_INTERVAL, UNKNOWN_TOKEN_BURST, Tokens
from indico_checkin_print.credentials import digest
from indico_checkin_print.models.jobs import Job, JobState
from tests.plugin.api_fixtures import API
from tests.plugin.conftest import TOKEN


pytestmark = pytest.mark.usefixtures('fresh_limits')


def poll(post, *messages, token=TOKEN, link='', begins=True, **kwargs):
    """Return the messages of the answer, or the error."""
    hello = Hello(**{'spool': 'spool', 'printers': (Printer(name='p1'),), **kwargs})
    status, answer = post('/poll', Poll(link=link, begins=begins, hello=hello, messages=messages), token)
    return msgspec.convert(answer, PollReply).messages if status == 200 else (status, answer['error'])


def test_a_badge_by_polling(db, post, agent, ready_job, test_client):
    welcome, job = poll(post)
    assert welcome.name == agent.name
    assert (job.job, job.go, job.dispatch) == (ready_job.uuid, True, 1)
    path = f'{API}/document/{job.job}/{job.dispatch}'
    response = test_client.get(path, headers={'Authorization': f'Bearer {TOKEN}'})
    assert response.content_type == 'application/pdf'
    assert response.data == ready_job.document.content
    held = [{'job': job.job, 'dispatch': 1, 'state': 'printing'}]
    assert len(poll(post, Accepted(job=job.job, dispatch=1), Printing(job=job.job, dispatch=1),
                    holding=msgspec.convert(held, tuple[protocol.Held, ...]))) == 1
    __, ack = poll(post, Completed(job=job.job, dispatch=1))
    assert ack.state == 'completed'
    db.session.refresh(ready_job)
    assert ready_job.state == JobState.completed


def test_lost_answer_is_repeated(post, agent, ready_job):
    first, again = poll(post)[1], poll(post)[1]
    assert (first.job, first.dispatch, first.go) == (again.job, again.dispatch, again.go) == (ready_job.uuid, 1, True)


def test_of_two_that_poll_the_newest_speaks(db, post, agent, ready_job):
    """...until it has been silent for a while; the other one may ask on without throwing it out."""
    poll(post, link='first')
    poll(post, link='second')
    for __ in range(2):
        assert poll(post, link='first', begins=False) == (409, 'replaced')
    assert isinstance(poll(post, link='second', begins=False)[0], Welcome)
    agent.seen_dt = now_utc() - agent.AWAY_AFTER
    db.session.flush()
    assert isinstance(poll(post, link='first', begins=False)[0], Welcome)
    assert poll(post, link='second', begins=False) == (409, 'replaced')


def test_a_first_poll_that_arrives_late_is_no_other_computer(post, agent):
    poll(post, link='first')
    poll(post, link='first', begins=False)
    poll(post, link='first')
    assert isinstance(poll(post, link='first', begins=False)[0], Welcome)


def test_a_poll_does_not_throw_out_a_newer_websocket(post, agent):
    poll(post, link='poll')
    inbound.hello(agent.id, 'websocket', Hello(spool='spool', printers=(Printer(name='p1'),)))
    assert poll(post, link='poll', begins=False) == (409, 'replaced')
    inbound.gone(agent.id, 'websocket')
    assert isinstance(poll(post, link='poll', begins=False)[0], Welcome)


def test_an_agent_hears_which_of_its_printers_desks_use(db, post, agent, ready_job):
    used = sorted({x.printer for x in ready_job.desk.printers})
    assert list(poll(post)[0].wanted) == used
    ready_job.desk.is_deleted = True
    db.session.flush()
    assert poll(post)[0].wanted == ()


@pytest.mark.parametrize(('came_out', 'state'), [(True, 'completed'), (False, 'failed')])
def test_a_question_that_was_answered_here_is_not_asked_there_any_more(db, post, agent, ready_job, dummy_user, came_out,
                                                                       state):
    message = next(m for m in poll(post) if isinstance(m, protocol.Job))
    unknown = protocol.Unknown(job=message.job, dispatch=message.dispatch, reason='printer_lost_job')
    assert [m.state for m in poll(post, unknown) if isinstance(m, protocol.Ack)] == ['unknown']
    asked = (protocol.Held(job=message.job, dispatch=message.dispatch, state='unknown'),)
    assert [m for m in poll(post, holding=asked) if isinstance(m, protocol.Ack)] == []
    assert ledger.resolve(db.session.get(Job, ready_job.id), dummy_user, came_out=came_out)
    # until the agent stops asking
    for __ in range(2):
        (ack,) = [m for m in poll(post, holding=asked) if isinstance(m, protocol.Ack)]
        assert (ack.job, ack.dispatch, ack.state) == (message.job, message.dispatch, state)


def test_names_as_long_as_cups_takes_and_what_is_left_out(db, post, agent):
    poll(post, printers=(Printer(name='x' * 127),), left_out=3)
    db.session.refresh(agent)
    assert [each['name'] for each in agent.printers] == ['x' * 127]
    assert agent.left_out == 3


def test_one_that_stops_gets_nothing_more_by_its_next_polls(db, post, agent, ready_job):
    poll(post, link='poll', printers=())
    for messages in ((Drain(),), ()):
        assert [type(m) for m in poll(post, *messages, link='poll', begins=False)] == [Welcome]
    # started again
    assert [type(m) for m in poll(post, link='another')] == [Welcome, protocol.Job]


@pytest.mark.parametrize(('token', 'error'), [(None, 'unknown_token'), ('icpa_x', 'unknown_token'),
                                              ('indp_x', 'unknown_token')])
def test_polls_need_a_token(post, agent, token, error):
    assert poll(post, token=token) == (401, error)


def test_wrong_tokens_cost_no_query_each(db, post, agent, test_client, monkeypatch, mocker):
    now = [1000.0]
    monkeypatch.setattr(agents_api, 'tokens', Tokens(clock=lambda: now[0]))
    looked_up, read = mocker.spy(inbound, 'authenticate'), mocker.spy(inbound, 'token_digests')
    for number in range(UNKNOWN_TOKEN_BURST):
        assert poll(post, token=f'icpa_{number}') == (401, 'unknown_token')
    for number in range(50):
        assert poll(post, token=f'icpa_another{number}') == (429, 'too_often')
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'})
    assert (response.status_code, response.headers['Retry-After']) == (429, str(UNKNOWN_TOKEN_INTERVAL))
    assert (looked_up.call_count, read.call_count) == (UNKNOWN_TOKEN_BURST, 1)
    # a good one from the same address is heard all the same
    assert [type(message) for message in poll(post)] == [Welcome]
    # also one that was issued meanwhile, a moment later
    agent.token_hash = digest('icpa_new')
    db.session.flush()
    assert poll(post, token='icpa_new') == (429, 'too_often')
    now[0] += MIN_READ_INTERVAL / 2
    assert poll(post, token='icpa_new') == (429, 'too_often')
    now[0] += MIN_READ_INTERVAL / 2
    assert [type(message) for message in poll(post, token='icpa_new')] == [Welcome]
    # and a revoked one is not
    agent.revoked_dt = now_utc()
    db.session.flush()
    assert poll(post, token='icpa_new') == (401, 'unknown_token')


def test_wrong_tokens_of_others_count_for_their_own_address(post, agent, test_client):
    for number in range(UNKNOWN_TOKEN_BURST + 1):
        poll(post, token=f'icpa_{number}')
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'},
                               environ_base={'REMOTE_ADDR': '192.0.2.77'})
    assert response.status_code == 401


def test_good_tokens_wait_for_the_read_of_good_ones(mocker):
    """The first read in a process may take a moment, and a laptop that comes meanwhile is not to blame."""
    tokens, begun, go_on = Tokens(clock=lambda: 1000.0), threading.Event(), threading.Event()

    def _read():
        begun.set()
        assert go_on.wait(10)
        return frozenset({digest('icpa_one'), digest('icpa_two')})

    mocker.patch.object(inbound, 'token_digests', _read)
    mocker.patch.object(inbound, 'authenticate', lambda token: None if 'wrong' in token else 7)
    for __ in range(UNKNOWN_TOKEN_BURST):
        tokens.find('icpa_wrong', '192.0.2.1')
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(tokens.find, 'icpa_one', '192.0.2.1')
        assert begun.wait(10)
        second = threads.submit(tokens.find, 'icpa_two', '192.0.2.1')
        wait([second], 0.2)
        go_on.set()
        assert (first.result(10), second.result(10)) == (7, 7)


def test_polls_without_an_address(post, agent, test_client):
    """As through a Unix socket."""
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'},
                               environ_overrides={'REMOTE_ADDR': None})
    assert response.status_code == 401


def test_a_revoked_token(db, post, agent):
    agent.revoked_dt = now_utc()
    db.session.flush()
    assert poll(post) == (401, 'unknown_token')


def test_other_version_is_refused(post, agent):
    assert poll(post, protocol=2) == (400, 'version')


@pytest.mark.parametrize('body', [b' ', b'{', b'{"hello": {}}', b'null', b'[' * 100_000])
def test_no_poll(post, agent, body):
    assert post('/poll', body, TOKEN)[0] == 400


def test_too_much(post, agent):
    status, answer = post('/poll', b'x' * (2 * protocol.MAX_MESSAGE + 1), TOKEN)
    assert (status, answer['error']) == (413, 'too_large')


@pytest.mark.parametrize('uuid', [str(uuid4()), None])
def test_no_document_of_others(db, ready_job, agent, test_client, uuid):
    # not given to this agent (yet)
    response = test_client.get(f'{API}/document/{uuid or ready_job.uuid}/1',
                               headers={'Authorization': f'Bearer {TOKEN}'})
    assert response.status_code == 404
    assert test_client.get(f'{API}/document/{uuid or ready_job.uuid}/1').status_code == 401
