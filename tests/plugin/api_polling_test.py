"""What agents and receivers send to Indico: pairing, polling, documents, outcomes. And bad input of every kind."""

import json
import time
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from tests.plugin.conftest import SECRET, TOKEN

from indico.util.date_time import now_utc

from print_agent.protocol import messages as protocol, signing
from print_agent.protocol.messages import (Accepted, Completed, Drain, Hello, OutcomeReport, Poll, PollReply, Printer,
                                           Printing, Returned, Welcome)

from indico_checkin_print import ledger
from indico_checkin_print.api import agents as agents_api
from indico_checkin_print.errors import SecretUnreadable
from indico_checkin_print.credentials import digest, new_code, normalize_code, seal, unseal
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.agents import inbound
from indico_checkin_print.api.tokens import READ_EVERY, UNKNOWN_TOKEN_EVERY, UNKNOWN_TOKENS, Tokens


API = '/api/plugin/checkin-print'


@pytest.fixture
def post(test_client):
    """Return a function that POSTs JSON and returns (status, answer)."""
    def _post(path, body, token=None, headers=None):
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {'Content-Type': 'application/json', **(headers or {})}
        if token:
            headers['Authorization'] = f'Bearer {token}'
        response = test_client.post(API + path, data=data, headers=headers)
        return response.status_code, json.loads(response.data)
    return _post


# -- pairing ----------------------------------------------------------------------------------------------------------

@pytest.fixture
def unpaired(db, dummy_event):
    """An agent that waits to be paired, and its code."""
    code = new_code()
    agent = Agent(event_id=dummy_event.id, name='Laptop', code_hash=digest(normalize_code(code)),
                  code_expires_dt=now_utc() + timedelta(minutes=15))
    db.session.add(agent)
    db.session.flush()
    return agent, code


@pytest.fixture(autouse=True)
def fresh_limits(app, monkeypatch):
    """Forget the wrong codes and tokens of other tests; those of this one are counted as everywhere."""
    monkeypatch.setattr(agents_api, 'tokens', Tokens())
    with app.test_request_context(environ_base={'REMOTE_ADDR': '127.0.0.1'}):
        for limit in (agents_api.wrong_codes_from_here(), agents_api.wrong_codes_in_all()):
            limit.clear()


@pytest.mark.parametrize('typed', [str, str.lower, lambda c: f' {c.replace("-", " ")} '])
def test_pair(post, unpaired, typed):
    agent, code = unpaired
    status, answer = post('/pair', {'code': typed(code), 'software': 'x/1', 'hostname': 'laptop'})
    assert status == 200, answer
    assert answer['token'].startswith('icpa_')
    assert answer['agent'] == {'id': agent.id, 'name': 'Laptop'}
    assert answer['poll'].endswith(f'{API}/poll')
    assert answer['stream'].startswith('ws')
    assert agent.is_paired
    assert agent.token_hash == digest(answer['token'])


def test_a_code_works_once(post, unpaired):
    __, code = unpaired
    assert post('/pair', {'code': code})[0] == 200
    status, answer = post('/pair', {'code': code})
    assert (status, answer['error']) == (403, 'wrong_code')
    assert 'Make a new one' in answer['message']


def test_an_expired_code(post, unpaired):
    agent, code = unpaired
    agent.code_expires_dt = now_utc() - timedelta(seconds=1)
    assert post('/pair', {'code': code})[0] == 403
    assert not agent.is_paired


@pytest.mark.parametrize('code', ['', 'wrong', '?' * 40])
def test_a_wrong_code(post, unpaired, code):
    assert post('/pair', {'code': code})[0] == 403


@pytest.mark.parametrize('body', [b' ', b'{', b'[]', b'{"code": 1}', b'\xff', b'{"code": "' + b'x' * 41 + b'"}',
                                  b'{"code": "\\u0000"}'])
def test_no_pairing_message(post, body):
    status, answer = post('/pair', body)
    assert (status, answer['error']) == (400, 'bad_message')


def test_guessing_is_slow(post, unpaired):
    for __ in range(10):
        assert post('/pair', {'code': 'wrong'})[0] == 403
    for code in ('wrong', unpaired[1]):
        status, answer = post('/pair', {'code': code})
        assert (status, answer['error']) == (429, 'too_many_tries')
    assert not unpaired[0].is_paired


def test_guessing_from_many_addresses_is_slow_too(post, unpaired, mocker):
    mocker.patch.object(agents_api, 'wrong_codes_from_here')
    limit = agents_api.wrong_codes_in_all()
    while limit.hit():
        pass
    assert post('/pair', {'code': unpaired[1]})[0] == 429


def test_many_laptops_behind_one_address(db, dummy_event, post):
    for number in range(12):
        code = new_code()
        db.session.add(Agent(event_id=dummy_event.id, name=f'Laptop {number}', code_hash=digest(normalize_code(code)),
                             code_expires_dt=now_utc() + timedelta(minutes=15)))
        db.session.flush()
        assert post('/pair', {'code': code})[0] == 200


@pytest.mark.parametrize('code', ['good', 'wrong'])
def test_no_guessing_without_the_counters(post, unpaired, mocker, code):
    import redis
    limit = mocker.patch.object(agents_api, 'wrong_codes_in_all').return_value
    limit.test.side_effect = limit.hit.side_effect = redis.exceptions.ConnectionError
    assert post('/pair', {'code': unpaired[1] if code == 'good' else code})[0] == 503


# -- polling ----------------------------------------------------------------------------------------------------------

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
    for number in range(UNKNOWN_TOKENS):
        assert poll(post, token=f'icpa_{number}') == (401, 'unknown_token')
    for number in range(50):
        assert poll(post, token=f'icpa_another{number}') == (429, 'too_often')
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'})
    assert (response.status_code, response.headers['Retry-After']) == (429, str(UNKNOWN_TOKEN_EVERY))
    assert (looked_up.call_count, read.call_count) == (UNKNOWN_TOKENS, 1)
    # a good one from the same address is heard all the same
    assert [type(message) for message in poll(post)] == [Welcome]
    # also one that was issued meanwhile, a moment later
    agent.token_hash = digest('icpa_new')
    db.session.flush()
    assert poll(post, token='icpa_new') == (429, 'too_often')
    now[0] += READ_EVERY / 2
    assert poll(post, token='icpa_new') == (429, 'too_often')
    now[0] += READ_EVERY / 2
    assert [type(message) for message in poll(post, token='icpa_new')] == [Welcome]
    # and a revoked one is not
    agent.revoked_dt = now_utc()
    db.session.flush()
    assert poll(post, token='icpa_new') == (401, 'unknown_token')


def test_wrong_tokens_of_others_count_for_their_own_address(post, agent, test_client):
    for number in range(UNKNOWN_TOKENS + 1):
        poll(post, token=f'icpa_{number}')
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'},
                               environ_base={'REMOTE_ADDR': '192.0.2.77'})
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


# -- outcomes of webhooks ---------------------------------------------------------------------------------------------

@pytest.fixture
def posted_job(db, webhook_desk, ready_job):
    """A job that was POSTed to the webhook of its desk."""
    assert ledger.claim_post('test') == ready_job
    assert ledger.delivered(ready_job, 'HTTP 202', 'test')
    db.session.refresh(ready_job)
    return ready_job


def report(post, job, message, *, secret=SECRET, at=None, change=b''):
    body = msgspec.json.encode(OutcomeReport(message=message))
    headers = signing.headers([secret], str(uuid4()), int(at or time.time()), body)
    status, answer = post(f'/outcome/{job.uuid}', body + change, headers=headers)
    return status, answer.get('error')


def test_receiver_reports_the_outcome(db, post, posted_job):
    assert posted_job.state == JobState.sent
    for message, state in ((Printing, JobState.printing), (Completed, JobState.completed),
                           (Completed, JobState.completed)):
        assert report(post, posted_job, message(job=posted_job.uuid, dispatch=1)) == (200, None)
        db.session.refresh(posted_job)
        assert posted_job.state == state
    assert posted_job.history[-1].actor.startswith('webhook:')


def test_a_receiver_whose_secret_cannot_be_read(db, post, posted_job, webhook):
    webhook.secrets = ['not sealed with this key']
    db.session.flush()
    assert report(post, posted_job, Completed(job=posted_job.uuid, dispatch=1)) == (503, 'no_secret')
    webhook.secrets = [seal(SECRET), 'not sealed with this key']
    db.session.flush()
    assert report(post, posted_job, Completed(job=posted_job.uuid, dispatch=1)) == (200, None)


def test_a_receiver_gives_it_back(db, post, posted_job):
    """It is POSTed again, as another dispatch; late words about the first one change nothing."""
    returned = Returned(job=posted_job.uuid, dispatch=1, reason='too_late')
    assert report(post, posted_job, returned) == (200, None)
    db.session.refresh(posted_job)
    assert (posted_job.state, posted_job.dispatch) == (JobState.ready, 2)
    db.session.execute(db.update(Job.__table__).values(next_try_dt=Job.queue_dt))
    assert ledger.claim_post('test') == posted_job
    assert report(post, posted_job, returned) == (200, None)
    db.session.refresh(posted_job)
    assert posted_job.state == JobState.dispatched


@pytest.mark.parametrize(('bad', 'error'), [
    ({'secret': 'whsec_' + 'QkJC' * 8}, 'bad_signature'),
    ({'change': b' '}, 'bad_signature'),
    ({'at': time.time() - 3600}, 'stale'),
    ({'at': time.time() + 3600}, 'stale'),
])
def test_a_report_that_is_not_theirs(db, post, posted_job, bad, error):
    assert report(post, posted_job, Completed(job=posted_job.uuid, dispatch=1), **bad) == (401, error)
    db.session.refresh(posted_job)
    assert posted_job.state == JobState.sent


def test_a_report_about_another_job(post, posted_job):
    assert report(post, posted_job, Completed(job=str(uuid4()), dispatch=1)) == (400, 'wrong_job')


def test_a_report_about_a_job_that_is_no_webhooks(post, ready_job):
    assert report(post, ready_job, Completed(job=ready_job.uuid, dispatch=1)) == (401, 'bad_signature')


def test_secrets_are_sealed(app):
    assert SECRET not in seal(SECRET)
    assert unseal(seal(SECRET)) == SECRET
    with pytest.raises(SecretUnreadable, match='SECRET_KEY'):
        unseal('gAAAA')
