"""Codes and secrets: shown once, stored hashed or sealed, never in a log or on a later page."""

import re
from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from print_agent.protocol.signing import check_secret

from indico_checkin_print import sql
from indico_checkin_print.api import pairing
from indico_checkin_print.credentials import digest, normalize_code, unseal
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.webhooks import Webhook


pytestmark = pytest.mark.usefixtures('no_kick')


def shown(response):
    """Return what a dialog shows for the only time."""
    assert response.status_code == 200
    return re.findall(r'<code class="checkin-print-secret"[^>]*>([^<]+)</code>', response.json['html'])


def code_in(response):
    """Return the pairing code in the command that a dialog shows."""
    (command,) = shown(response)
    begin, __, code = command.rpartition(' ')
    assert begin == 'print-agent pair http://localhost'
    return code


def everything(manager, page, objects):
    """Return all that a manager can see later."""
    paths = ['/', '/setup', '/live', '/agents/add', f'/agents/{objects.agent.id}/', f'/webhooks/{objects.webhook.id}/']
    return '\n'.join(manager.get(page + path, xhr=path not in {'/', '/setup', '/live'}).get_data(as_text=True)
                     for path in paths)


# -- pairing codes ----------------------------------------------------------------------------------------------------

def test_add_agent(manager, page, objects, log_of, event):
    code = code_in(manager.post(f'{page}/agents/add', name='Laptop 2'))
    agent = Agent.query.filter_by(name='Laptop 2').one()
    assert agent.code_hash == digest(normalize_code(code))
    assert timedelta(minutes=14) < agent.code_expires_dt - now_utc() <= timedelta(minutes=15)
    assert not agent.is_paired
    for text in (everything(manager, page, objects), log_of(event)):
        assert 'Laptop 2' in text
        assert code not in text
        assert agent.code_hash not in text


def test_new_code(manager, page, objects):
    token_hash = objects.agent.token_hash
    first = code_in(manager.post(f'{page}/agents/{objects.agent.id}/code'))
    second = code_in(manager.post(f'{page}/agents/{objects.agent.id}/code'))
    assert first != second
    assert objects.agent.code_hash == digest(normalize_code(second))
    # the laptop works until the new code is used
    assert objects.agent.token_hash == token_hash


def test_dialog_waits_for_the_new_pairing(db, manager, page, objects):
    agent = objects.agent
    html = manager.post(f'{page}/agents/{agent.id}/code').json['html']
    assert f'data-pairing="{agent.paired_dt.isoformat()}"' in html
    assert 'data-connected="Connected: Laptop 1"' in html
    live = f'{page}/live'
    # paired anew, and not connected yet; then it is
    agent.link, agent.seen_dt, agent.paired_dt = '', now_utc(), now_utc() + timedelta(seconds=1)
    db.session.flush()
    # the time of the kiosk's is another one
    assert f'data-pairing="{agent.paired_dt.isoformat()}"' not in manager.get(live).get_data(as_text=True)
    agent.link = 'link'
    db.session.flush()
    assert f'data-pairing="{agent.paired_dt.isoformat()}"' in manager.get(live).get_data(as_text=True)


def test_code_works_once(manager, page, test_client, mocker):
    mocker.patch.object(pairing, 'wrong_codes_from_here')
    code = code_in(manager.post(f'{page}/agents/add', name='Laptop 2'))
    answers = [test_client.post('/api/plugin/checkin-print/pair', json={'code': code}) for __ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 403]
    token = answers[0].json['token']
    agent = Agent.query.filter_by(name='Laptop 2').one()
    assert agent.token_hash == digest(token)
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert token not in html
    assert agent.token_hash not in html


def test_revoke(manager, page, objects, log_of, event, mocker):
    notify = mocker.spy(sql, 'notify_agents')
    manager.post(f'{page}/agents/{objects.agent.id}/code')
    manager.post(f'{page}/agents/{objects.agent.id}/revoke')
    assert objects.agent.revoked_dt is not None
    assert (objects.agent.token_hash, objects.agent.code_hash, objects.agent.code_expires_dt) == (None, None, None)
    notify.assert_called_once_with([objects.agent.id])
    assert 'Print agent "Laptop 1" revoked' in log_of(event)
    # its name is free, and it may come back with a new code
    shown(manager.post(f'{page}/agents/add', name='Laptop 1'))
    shown(manager.post(f'{page}/agents/{objects.agent.id}/code'))
    assert objects.agent.revoked_dt is None
    assert not objects.agent.is_paired


# -- webhook secrets --------------------------------------------------------------------------------------------------

URL = 'https://hooks.example.com/badge?key=in-the-url'


def test_add_webhook(manager, page, objects, log_of, event):
    secret, = shown(manager.post(f'{page}/webhooks/add', name='Gate', url=URL, send_badge='y', fields=['email']))
    check_secret(secret)
    webhook = Webhook.query.filter_by(name='Gate').one()
    assert (webhook.url, webhook.send_badge, webhook.fields) == (URL, True, ['email'])
    assert [unseal(x) for x in webhook.secrets] == [secret]
    seen, log = everything(manager, page, objects), log_of(event)
    assert 'hooks.example.com' in log
    assert 'in-the-url' not in log
    for text in (seen, log):
        assert secret not in text
        assert webhook.secrets[0] not in text


def test_two_secrets_at_once(db, manager, page, objects, log_of, event):
    url = f'{page}/webhooks/{objects.webhook.id}'
    second, = shown(manager.post(f'{url}/secret'))
    assert [unseal(x) for x in objects.webhook.secrets] == [second, 'whsec_old']
    third, = shown(manager.post(f'{url}/secret'))
    assert [unseal(x) for x in objects.webhook.secrets] == [third, second]
    for text in (everything(manager, page, objects), log_of(event)):
        assert second not in text
        assert third not in text
    manager.post(f'{url}/forget')
    db.session.expire_all()
    assert [unseal(x) for x in objects.webhook.secrets] == [third]
    manager.post(f'{url}/forget')
    assert len(objects.webhook.secrets) == 1


def test_edit_webhook_keeps_secret(manager, page, objects):
    before = list(objects.webhook.secrets)
    assert not manager.save(f'{page}/webhooks/{objects.webhook.id}/', name='CRM 2', url=URL, fields='email')
    assert (objects.webhook.name, objects.webhook.send_badge, objects.webhook.fields) == ('CRM 2', False, ['email'])
    assert objects.webhook.secrets == before


@pytest.mark.parametrize(('data', 'field', 'words'), [
    ({'name': ''}, 'name', 'required'),
    ({'name': 'x' * 101}, 'name', '100'),
    ({'name': 'crm'}, 'name', 'Another webhook'),
    ({'url': ''}, 'url', 'required'),
    ({'url': 'ftp://hooks.example.com'}, 'url', 'https://'),
    ({'url': 'http://hooks.example.com'}, 'url', 'https://'),
    ({'url': 'javascript:alert(1)'}, 'url', 'https://'),
    ({'url': 'https://me:secret@hooks.example.com'}, 'url', 'password'),
    ({'url': 'https://127.0.0.1/'}, 'url', 'administrator'),
    ({'url': 'https://localhost/'}, 'url', 'administrator'),
    ({'url': 'https://10.1.2.3/'}, 'url', 'private network'),
    ({'url': 'https://169.254.169.254/latest'}, 'url', 'never'),
    ({'url': 'https://hooks.example.com/' + 'x' * 2000}, 'url', '2000'),
    ({'fields': 'password'}, 'fields', 'not a valid choice'),
])
def test_webhook_errors(manager, page, objects, data, field, words):
    errors = manager.save(f'{page}/webhooks/add', **{'name': 'New', 'url': URL, 'send_badge': 'y', **data})
    assert list(errors) == [field]
    assert words in errors[field]
    assert Webhook.query.count() == 1


def test_networks_of_the_administrator(manager, page, configure):
    configure(ALLOWED_NETWORKS=['10.20.0.0/16'])
    for host, is_allowed in (('10.20.0.7', True), ('10.21.0.7', False)):
        response = manager.post(f'{page}/webhooks/add', name=host, url=f'http://{host}/', send_badge='y')
        assert bool(shown(response)) == is_allowed


def test_webhook_of_a_desk(manager, page, objects):
    objects.desk.webhook = objects.webhook
    url = f'{page}/webhooks/{objects.webhook.id}'
    errors = manager.save(f'{url}/', name='CRM', url=URL, fields='email')
    assert 'because a desk uses it: North' in errors['send_badge']
    manager.post(f'{url}/delete')
    assert not objects.webhook.is_deleted
    objects.desk.webhook = None
    manager.post(f'{url}/delete')
    assert objects.webhook.is_deleted
    assert objects.webhook.secrets == []
