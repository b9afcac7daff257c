"""Signatures: the `standardwebhooks` library as an oracle, and everything that library does not do."""

import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from print_agent.protocol import signing
from print_agent.protocol.errors import BadSecret, SignatureError


SECRET = 'whsec_' + base64.b64encode(bytes(range(32))).decode()
OTHER = 'whsec_' + base64.b64encode(bytes(range(1, 33))).decode()
NOW = 1_760_000_000
PDF = b'%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\x00\xff'

message_ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7e, exclude_characters='.'),
                      min_size=1, max_size=128)
texts = st.text(st.characters(exclude_categories=['Cs']))
timestamps = st.integers(0, 10 ** 12 - 1)


def _verify(headers, body=PDF, secrets=(SECRET,), now=NOW, **kwargs):
    return signing.verify(secrets, headers, body, now=now, **kwargs)


def _code(headers, **kwargs):
    with pytest.raises(SignatureError) as excinfo:
        _verify(headers, **kwargs)
    assert str(excinfo.value) == excinfo.value.detail
    return excinfo.value.reason


def _signed(**changes):
    return signing.headers([SECRET], 'msg_1', NOW, PDF) | {k.replace('_', '-'): v for k, v in changes.items()}


def test_known_value():
    # made once with the standardwebhooks library, so that neither side can drift together with the other
    body = b'{"test": 2432232314}'
    secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    assert signing.sign([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body) == \
        'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='


@given(message_id=message_ids, body=texts)
def test_the_library_accepts_ours(message_id, body):
    now = int(time.time())
    headers = signing.headers([SECRET], message_id, now, body.encode())
    assert Webhook(SECRET).verify(body, headers, json_parse=False) is None
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, headers, json_parse=False)


@given(message_id=message_ids, body=texts, stamp=st.integers(0, 4 * 10 ** 9))
def test_ours_accepts_the_library(message_id, body, stamp):
    signature = Webhook(SECRET).sign(message_id, datetime.fromtimestamp(stamp, UTC), body)
    headers = {'webhook-id': message_id, 'webhook-timestamp': str(stamp), 'webhook-signature': signature}
    assert _verify(headers, body.encode(), now=stamp) == message_id
    assert signing.sign([SECRET], message_id, stamp, body.encode()) == signature


@given(message_id=message_ids, stamp=timestamps, body=st.binary())
def test_any_bytes_there_and_back(message_id, stamp, body):
    headers = signing.headers([SECRET], message_id, stamp, body)
    assert _verify(headers, body, now=stamp) == message_id


@given(body=st.binary(), other=st.binary())
def test_another_body_is_refused(body, other):
    assume(body != other)
    assert _code(signing.headers([SECRET], 'msg_1', NOW, body), body=other) == 'bad_signature'


def test_the_library_cannot_do_pdfs():
    """The reason for a module of our own; when this fails, think about going back to the library."""
    with pytest.raises(UnicodeDecodeError):
        Webhook(SECRET).verify(PDF, signing.headers([SECRET], 'msg_1', int(time.time()), PDF))


def test_new_secret():
    secrets = {signing.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        assert secret.startswith('whsec_')
        assert len(base64.b64decode(secret[6:], validate=True)) == 32
        signing.check_secret(secret)


def test_rotation():
    both = signing.headers([OTHER, SECRET], 'msg_1', NOW, PDF)
    assert len(both['webhook-signature'].split(' ')) == 2
    assert _verify(both, secrets=[SECRET]) == 'msg_1'
    assert _verify(both, secrets=[OTHER]) == 'msg_1'
    assert _verify(_signed(), secrets=[OTHER, SECRET]) == 'msg_1'
    assert _code(_signed(), secrets=[OTHER]) == 'bad_signature'


@pytest.mark.parametrize('case', [str.lower, str.upper, str.title])
def test_header_names_in_any_case(case):
    assert _verify({case(k): v for k, v in _signed().items()} | {'content-type': 'text/plain'}) == 'msg_1'


@pytest.mark.parametrize('name', ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
def test_missing_header(name):
    headers = _signed()
    del headers[name]
    assert _code(headers) == 'missing_header'
    assert _code(headers | {name: ''}) == 'missing_header'


def test_header_sent_twice():
    # which of the two was signed cannot be known by those who look only at one
    assert _code(_signed() | {'Webhook-Id': 'msg_2'}) == 'bad_signature'
    assert _verify(_signed() | {'Webhook-Id': 'msg_1'}) == 'msg_1'


@pytest.mark.parametrize('value', ['now', '1e9', '-5', ' 1760000000', '1760000000.0', '1' * 13, '١٢٣', '0x10', '1\n'])
def test_bad_timestamp(value):
    assert _code(_signed(webhook_timestamp=value)) == 'bad_timestamp'


@pytest.mark.parametrize('offset', [-301, 301, -10 ** 9, 10 ** 9])
def test_stale(offset):
    assert _code(_signed(), now=NOW + offset) == 'stale'


def test_tolerance():
    assert _verify(_signed(), now=NOW + 300) == 'msg_1'
    assert _verify(_signed(), now=NOW - 300) == 'msg_1'
    assert _code(_signed(), now=NOW + 11, tolerance=10) == 'stale'
    with pytest.raises(SignatureError, match='1000 seconds in the future') as excinfo:
        _verify(_signed(), now=NOW - 1000)
    assert 'clock' in excinfo.value.detail


def test_the_timestamp_is_signed():
    assert _code(_signed(webhook_timestamp=str(NOW + 1))) == 'bad_signature'
    # a leading zero is another text although the same number
    assert _code(_signed(webhook_timestamp=f'0{NOW}')) == 'bad_signature'


@pytest.mark.parametrize('value', [
    'v1', 'v1,', 'v1,x', 'v1,====', 'v1,' + 'A' * 43 + '=', 'v1,é', 'v1,\ud800', ',', ' ', 'v1a,AAAA', 'v2,' + 'A' * 44,
    'x' * 1025, 'v1,\x00', 'v1,AAAA,BBBB', ' '.join(['v1,AAAA'] * 9),
])
def test_garbage_signature(value):
    assert _code(_signed(webhook_signature=value)) == 'bad_signature'


def test_right_signature_among_others():
    right = _signed()['webhook-signature']
    assert _verify(_signed(webhook_signature=f'v1a,AAAA x v1,é {right} v1,AAAA')) == 'msg_1'
    # the specification's limit is ours to choose; a right one behind it does not count
    assert _code(_signed(webhook_signature=f'{"v1,AAAA " * 8}{right}')) == 'bad_signature'


@pytest.mark.parametrize('value', ['a.b', 'a b', 'x' * 129, 'é', 'a\nb', '\x7f'])
def test_bad_message_id(value):
    with pytest.raises(ValueError, match='message id'):
        signing.sign([SECRET], value, NOW, PDF)
    assert _code(_signed(webhook_id=value)) == 'bad_signature'


def test_a_full_stop_cannot_move_the_border():
    """Without the rule on full stops, the messages (a, 5, 6.body) and (a.5, 6, body) would have one signature."""
    signature = signing.sign([SECRET], 'a', 5, b'6.body')
    assert _code({'webhook-id': 'a.5', 'webhook-timestamp': '6', 'webhook-signature': signature},
                 body=b'body', now=5) == 'bad_signature'
    with pytest.raises(ValueError, match='full stops'):
        signing.sign([SECRET], 'a.5', 6, b'body')


@pytest.mark.parametrize('stamp', [-1, 10 ** 12])
def test_bad_timestamp_to_sign(stamp):
    with pytest.raises(ValueError, match='timestamp'):
        signing.sign([SECRET], 'a', stamp, PDF)


@pytest.mark.parametrize('secret', [
    '', 'whsec_', 'whsec_AAAA', 'whsec_' + base64.b64encode(bytes(65)).decode(), SECRET[6:], 'whsec_' + '!' * 44,
    'whsec_' + 'é' * 44, 'whsec_ ' + SECRET[6:], 'whsk_' + SECRET[6:], SECRET + '\n',
])
def test_bad_secret(secret):
    for call in (lambda: signing.check_secret(secret),
                 lambda: signing.sign([SECRET, secret], 'a', NOW, PDF),
                 lambda: _verify(_signed(), secrets=[SECRET, secret])):
        with pytest.raises(BadSecret) as excinfo:
            call()
        assert SECRET[6:20] not in str(excinfo.value)
        assert excinfo.value.__suppress_context__ or excinfo.value.__context__ is None


@pytest.mark.parametrize('secrets', [[], (), '', SECRET])
def test_no_list_of_secrets(secrets):
    with pytest.raises(BadSecret):
        signing.sign(secrets, 'a', NOW, PDF)
    with pytest.raises(BadSecret):
        _verify(_signed(), secrets=secrets)


def test_secret_without_padding():
    # shells and forms like to lose the "="
    assert signing.sign([SECRET.rstrip('=')], 'a', NOW, PDF) == signing.sign([SECRET], 'a', NOW, PDF)


@given(st.dictionaries(st.sampled_from(['webhook-id', 'Webhook-Timestamp', 'WEBHOOK-SIGNATURE', 'x']), st.text()))
@example({'webhook-id': 'a', 'Webhook-Timestamp': str(NOW), 'WEBHOOK-SIGNATURE': 'v1,' + '\U0010ffff' * 44})
def test_nothing_a_stranger_sends_gets_through_or_crashes(headers):
    assert _code(headers) in {'missing_header', 'bad_timestamp', 'stale', 'bad_signature'}
