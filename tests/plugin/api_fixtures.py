"""What tests of the HTTP for agents and receivers share."""

import json
from datetime import timedelta

import msgspec
import pytest

from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.util.date_time import now_utc

from print_agent.protocol.messages import Hello, Poll, PollReply, Printer

from indico_checkin_print import ledger
from indico_checkin_print.api import agents as agents_api
from indico_checkin_print.api import pairing
from indico_checkin_print.api.authentication import Authenticator
from indico_checkin_print.credentials import digest, new_code, normalize_code
from indico_checkin_print.models.agents import Agent
from tests.plugin.conftest import TOKEN


API = '/api/plugin/checkin-print'


def poll(post, *messages, token=TOKEN, link='', begins=True, **kwargs):
    """Poll with some messages; return those of the answer, or (status, error)."""
    hello = Hello(**{'spool': 'spool', 'printers': (Printer(name='p1'),), **kwargs})
    status, answer = post('/poll', Poll(link=link, begins=begins, hello=hello, messages=messages), token)
    return msgspec.convert(answer, PollReply).messages if status == 200 else (status, answer['error'])


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


@pytest.fixture
def fresh_limits(app, monkeypatch):
    """Forget the wrong codes and tokens of other tests; those of this one are counted as everywhere."""
    monkeypatch.setattr(agents_api, 'authenticator', Authenticator())
    with app.test_request_context(environ_base={'REMOTE_ADDR': '127.0.0.1'}):
        for limit in (pairing.wrong_codes_from_here(), pairing.wrong_codes_in_all()):
            limit.clear()


@pytest.fixture
def unpaired(db, dummy_event):
    """An agent that waits to be paired, and its code."""
    code = new_code()
    agent = Agent(event_id=dummy_event.id, name='Laptop', code_hash=digest(normalize_code(code)),
                  code_expires_dt=now_utc() + timedelta(minutes=15))
    db.session.add(agent)
    db.session.flush()
    return agent, code


@pytest.fixture
def posted_job(db, webhook_desk, ready_job):
    """A job that was POSTed to the webhook of its desk."""
    assert ledger.claim_post('test') == ready_job
    assert ledger.delivered(ready_job, 'HTTP 202', 'test')
    db.session.refresh(ready_job)
    return ready_job


@pytest.fixture
def token_of(db):
    """Return a function that returns a personal token of a user."""
    def _token_of(user, scopes=('registrants',)):
        token = PersonalToken(user=user, name=f'Token {len(user.personal_tokens.all())}', scopes=set(scopes))
        secret = token.generate_token()
        db.session.add(token)
        db.session.flush()
        return secret
    return _token_of
