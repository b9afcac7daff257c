"""Kiosks on the manager's page: added, changed, given a code, revoked, removed; the code is shown once."""

import re
from datetime import timedelta

import pytest

from indico.core import signals
from indico.util.date_time import now_utc

from indico_checkin_print.credentials import digest, normalize_code
from indico_checkin_print.management import base
from indico_checkin_print.management.setup.kiosks import kiosk_status
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.kiosks import Kiosk


pytestmark = pytest.mark.usefixtures('no_kick')


def shown_code(response):
    assert response.status_code == 200, response.data
    return re.search(r'<code class="checkin-print-secret"[^>]*>([^<]+)</code>', response.json['html'])[1]


def data(objects, **kwargs):
    return {'name': 'Exit', 'desk_id': objects.desk.id, 'place': 'to the left.', 'languages': 'en_GB', **kwargs}


def test_add(manager, page, objects, log_of, event):
    response = manager.post(f'{page}/kiosks/add', **data(objects))
    code = shown_code(response)
    assert 'http://localhost/kiosk/' in response.json['html']
    kiosk = Kiosk.query.filter(Kiosk.device.has(name='Exit')).one()
    assert kiosk.code_hash == digest(normalize_code(code))
    assert timedelta(minutes=14) < kiosk.code_expires_dt - now_utc() <= timedelta(minutes=15)
    assert (kiosk.desk, kiosk.place, kiosk.languages) == (objects.desk, 'to the left', ['en_GB'])
    assert not kiosk.is_paired
    assert kiosk.device.token.startswith(Device.KIOSK)
    later = '\n'.join(manager.get(page + path, xhr=False).get_data(as_text=True) for path in ('/setup', '/live'))
    for text in (later, log_of(event)):
        assert code not in text
        assert kiosk.code_hash not in text
    assert 'Exit' in log_of(event)


@pytest.mark.parametrize(('field', 'value'), [
    ('name', ''), ('name', 'x' * 101), ('name', 'entrance'), ('place', 'x' * 61), ('desk_id', 2**30),
    ('languages', 'xx_XX'), ('languages', 'de_DE'), ('languages', None)])
def test_refused(manager, page, objects, field, value):
    assert field in manager.save(f'{page}/kiosks/add', **data(objects, **{field: value}))
    assert Kiosk.query.count() == 1


def test_a_kiosk_is_for_everybody(manager, page, objects):
    """Who sees only some of the registrations must not pair what prints for all."""
    with signals.event.filter_registration_list.connected_to(lambda form, user: Device.id == 0):
        for path in ('add', f'{objects.kiosk.device_id}/code'):
            assert manager.post(f'{page}/kiosks/{path}', **data(objects)).status_code == 403
    assert Kiosk.query.one().code_hash is None


def test_edit(manager, page, objects):
    url = f'{page}/kiosks/{objects.kiosk.device_id}/'
    assert 'Entrance' in manager.get(url).json['html']
    token = objects.kiosk.token_hash
    assert not manager.save(url, **data(objects, name='Gate', place=''))
    assert (objects.kiosk.name, objects.kiosk.place, objects.kiosk.token_hash) == ('Gate', '', token)


def test_revoke_new_code_and_remove(db, manager, page, objects, flashes):
    kiosk = objects.kiosk
    url = f'{page}/kiosks/{kiosk.device_id}'
    manager.post(f'{url}/remove')
    assert 'Revoke the kiosk "Entrance" first.' in flashes()
    manager.post(f'{url}/revoke')
    assert 'has been revoked' in flashes()
    assert (kiosk.token_hash, kiosk.code_hash, kiosk.is_paired) == (None, None, False)
    shown_code(manager.post(f'{url}/code'))
    assert (kiosk.revoked_dt, kiosk.is_paired) == (None, False)
    manager.post(f'{url}/revoke')
    device_id = kiosk.device_id
    manager.post(f'{url}/remove')
    assert Kiosk.query.count() == 0
    # the history of badges keeps its name
    assert Device.query.get(device_id).name == 'Entrance'


def test_it_is_none_of_the_devices(manager, page, objects):
    assert manager.get(f'{page}/devices/{objects.kiosk.device_id}/').status_code == 404


def test_there_is_a_limit(manager, page, objects, mocker):
    mocker.patch.object(base, 'MAX_OBJECTS', 1)
    manager.post(f'{page}/kiosks/add', **data(objects))
    assert Kiosk.query.count() == 1


def test_states_in_words(objects, event):
    kiosk = objects.kiosk

    def state():
        status = kiosk_status(kiosk, event.tzinfo)
        return str(status.text), status.css

    assert state() == ('Open', 'success')
    kiosk.seen_dt = now_utc() - timedelta(minutes=5)
    assert state() == ('Not open', 'error')
    kiosk.token_hash, kiosk.code_hash, kiosk.code_expires_dt = None, 'x', now_utc() + timedelta(minutes=5)
    assert state() == ('Waiting for its code', 'highlight')
    kiosk.code_expires_dt = now_utc()
    assert state() == ('Not paired', 'warning')
    kiosk.revoked_dt = now_utc()
    assert state() == ('Revoked', 'strong')
