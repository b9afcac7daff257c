"""How often a kiosk may ask, and that nobody else waits for it."""

import pytest
import redis.exceptions

from indico_checkin_print.desk.kiosk import limits


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_limits')


def test_unknown_codes_are_limited(ask, scan, reg, kiosk):
    answers = [ask('scan', {'code': f'wrong {number}'}) for number in range(16)]
    assert [status for status, __ in answers] == [200] * 15 + [429]
    assert answers[-1][1]['message'].startswith('Too many unknown codes.')
    # a good one must reveal nothing either
    status, answer = ask('scan', {'code': 'of a good ticket'})
    assert (status, answer['error']) == (429, 'too_often')


def test_scans_are_limited(ask, code_of, reg, kiosk):
    code = code_of(reg)
    statuses = [ask('scan', {'code': code})[0] for __ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_a_limit_is_of_one_kiosk(ask, make_kiosk, app, kiosk):
    other = make_kiosk('icpk_other', 'Exit')
    with app.test_request_context():
        limits.clear(other)
    for number in range(16):
        ask('scan', {'code': f'wrong {number}'})
    assert ask('scan', {'code': 'wrong'}, token='icpk_other')[0] == 200


def test_without_the_counters_people_get_their_badges(ask, scan, reg, mocker):
    limit = mocker.Mock()
    limit.hit.side_effect = limit.test.side_effect = redis.exceptions.ConnectionError
    mocker.patch.dict(limits._limits, dict.fromkeys(limits._limits, lambda: limit))
    assert ask('print', {'handle': scan(reg)['handle']})[0] == 200


def test_calls_are_limited(ask, kiosk):
    assert [ask('call')[0] for __ in range(7)] == [200] * 6 + [429]
