"""Handles: what the page holds of a person works once, for a moment, at its own kiosk."""

import pytest

from indico_checkin_print.desk.kiosk import handles
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.jobs import Job


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_limits')


def test_a_handle_works_once(ask, scan, reg):
    handle = scan(reg)['handle']
    assert ask('print', {'handle': handle})[0] == 200
    reg.checked_in = False
    status, answer = ask('print', {'handle': handle})
    assert (status, answer['error']) == (410, 'gone')
    assert Job.query.count() == 1


def test_another_scan_ends_it(ask, scan, reg, create_reg):
    handle = scan(reg)['handle']
    scan(create_reg('Ada', 'Next'))
    assert ask('print', {'handle': handle})[0] == 410
    second = scan(reg)['handle']
    ask('scan', {'code': 'nonsense'})
    assert ask('print', {'handle': second})[0] == 410
    assert not reg.checked_in


def test_another_kiosk_cannot_use_it(ask, scan, reg, make_kiosk):
    make_kiosk('icpk_other', 'Exit')
    handle = scan(reg)['handle']
    assert ask('print', {'handle': handle}, token='icpk_other')[0] == 410
    status, answer = ask('print', {'handle': handle})
    assert status == 200
    for what in ('badge', 'call'):
        assert ask(what, {'handle': answer['handle']}, token='icpk_other')[0] == 410
    assert TechCall.query.count() == 0


@pytest.mark.parametrize(('lifetime', 'what'), [('SCAN_LIFETIME', 'print'), ('FOLLOW_LIFETIME', 'badge')])
def test_it_expires(ask, scan, reg, monkeypatch, lifetime, what):
    handle = scan(reg)['handle']
    if what == 'badge':
        handle = ask('print', {'handle': handle})[1]['handle']
    monkeypatch.setattr(handles, lifetime, -1)
    assert ask(what, {'handle': handle})[0] == 410


def test_one_kind_is_not_the_other(ask, scan, reg):
    handle = scan(reg)['handle']
    assert ask('badge', {'handle': handle})[0] == 410
    follow = ask('print', {'handle': handle})[1]['handle']
    assert ask('print', {'handle': follow})[0] == 410


@pytest.mark.parametrize('what', ['print', 'badge'])
@pytest.mark.parametrize('handle', ['', 'x', 'a.b.c', '\x00', 'é' * 100])
def test_made_up_handles(ask, what, handle):
    assert ask(what, {'handle': handle})[0] == 410
