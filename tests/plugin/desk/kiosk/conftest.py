"""A paired kiosk, and what its page asks."""

import json

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.credentials import digest
from indico_checkin_print.desk.kiosk import limits
from indico_checkin_print.desk.kiosk.base import COOKIE, HEADER
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.kiosks import Kiosk


TOKEN = 'icpk_the-token-of-the-kiosk'


@pytest.fixture
def make_kiosk(db, event, desk):
    def _make(token=TOKEN, name='Entrance', **kwargs):
        device = Device(event=event, token=f'{Device.KIOSK}{token}', name=name, desk=desk)
        kiosk = Kiosk(device=device, **{'place': 'to the right', 'languages': ['en_GB', 'fr_FR'],
                                        'token_hash': digest(token) if token else None, 'paired_dt': now_utc(),
                                        **kwargs})
        db.session.add(kiosk)
        db.session.flush()
        return kiosk
    return _make


@pytest.fixture
def kiosk(app, make_kiosk, form):
    """A paired kiosk at a desk whose form prints."""
    kiosk = make_kiosk()
    with app.test_request_context():
        limits.clear(kiosk)
    return kiosk


@pytest.fixture
def ask(db, browse, kiosk):
    """Return a function that asks as the page of a kiosk does, and returns (status, answer)."""
    clients = {}

    def _ask(what, data=None, *, token=TOKEN, headers=None):
        if token not in clients:
            clients[token] = browse().client
            clients[token].set_cookie(COOKIE, token, path='/kiosk/')
        response = clients[token].post(f'/kiosk/{what}', json=data or {}, headers={HEADER: '1', **(headers or {})})
        db.session.expire_all()
        return response.status_code, json.loads(response.data)
    return _ask


@pytest.fixture
def scan(ask, code_of):
    """Return a function that scans the ticket of a registration, and returns the answer."""
    def _scan(registration, person=None, **kwargs):
        status, answer = ask('scan', {'code': code_of(registration, person)}, **kwargs)
        assert status == 200, answer
        return answer
    return _scan
