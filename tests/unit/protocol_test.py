"""The messages: what is written can be read, and nothing that comes in can do harm."""

import contextlib
import json

import msgspec
import pytest
from agent_fakes import make_job
from hypothesis import given
from hypothesis import strategies as st

from print_agent import protocol as p


ids = st.text(min_size=1, max_size=64)
dispatches = st.integers(0, 1_000_000_000)
words = st.text(max_size=80)
details = st.text(max_size=200)

printers = st.builds(p.Printer, name=ids, state=st.sampled_from(['idle', 'processing', 'stopped']),
                     reasons=st.lists(words, max_size=4).map(tuple), accepting=st.booleans(), model=words,
                     media=st.lists(words, max_size=4).map(tuple), reports=st.booleans(), depth=dispatches)
helds = st.builds(p.Held, job=ids, dispatch=dispatches, state=st.sampled_from(
    ['waiting', 'go', 'printing', 'completed', 'sent', 'failed', 'unknown', 'returned', 'canceled']))
hellos = st.builds(p.Hello, spool=ids, software=words, printers=st.lists(printers, max_size=3).map(tuple),
                   holding=st.lists(helds, max_size=3).map(tuple))


def with_reason(cls):
    return st.builds(cls, job=ids, dispatch=dispatches, reason=words, detail=details)


from_agent = st.one_of(
    hellos, *(st.builds(cls, job=ids, dispatch=dispatches) for cls in (p.Accepted, p.Printing, p.Canceled)),
    *(st.builds(cls, job=ids, dispatch=dispatches, detail=details) for cls in (p.Completed, p.Sent)),
    *(with_reason(cls) for cls in (p.Refused, p.Failed, p.Unknown, p.Returned)),
    st.builds(p.Printers, printers=st.lists(printers, max_size=3).map(tuple)),
    st.builds(p.Heartbeat, depth=dispatches), st.builds(p.Drain, reason=details),
    st.builds(p.Error, code=words, detail=details, job=words.map(lambda w: w[:64])))
jobs = st.builds(p.Job, job=ids, dispatch=dispatches, title=words, name=words, kind=st.sampled_from(
    ['badge', 'ticket', 'test']), width_mm=st.floats(1, 450), height_mm=st.floats(1, 450),
    length=st.integers(1, p.MAX_DOCUMENT), sha256=st.just('0' * 64), expires_in=st.floats(0, 1000), go=st.booleans())
from_server = st.one_of(
    jobs, st.builds(p.Welcome, name=words, heartbeat=st.floats(0, 60)),
    st.builds(p.Go, job=ids, dispatch=dispatches, print_within=st.floats(0, 60)),
    st.builds(p.Cancel, job=ids, dispatch=dispatches, reason=words),
    st.builds(p.Ack, job=ids, dispatch=dispatches, state=words), st.builds(p.Drain, reason=details),
    st.builds(p.Error, code=words))


@given(from_agent)
def test_what_an_agent_says_survives_the_wire(message):
    assert p.decode_from_agent(p.encode(message)) == message


@given(from_server)
def test_what_indico_says_survives_the_wire(message):
    assert p.decode_from_server(p.encode(message).decode()) == message


@given(hellos, st.lists(from_agent, max_size=3), st.lists(from_server, max_size=3))
def test_polls_survive_the_wire(hello, said, heard):
    poll = p.Poll(hello=hello, messages=tuple(said))
    assert msgspec.json.decode(p.encode(poll), type=p.Poll) == poll
    reply = p.PollReply(messages=tuple(heard))
    assert msgspec.json.decode(p.encode(reply), type=p.PollReply) == reply


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_any_bytes_are_a_message_or_a_typed_error(data):
    for decode in (p.decode_from_agent, p.decode_from_server):
        try:
            message = decode(data)
        except p.ProtocolError as exc:
            # which is fit to be sent back
            message = p.decode_from_agent(p.encode(p.Error(code=exc.code, detail=exc.detail)))
            assert message.code in {'bad_message', 'too_large', 'unknown_type'}
        assert isinstance(message, p.Message)


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                           | st.text(max_size=20),
                           lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner,
                                                                                       max_size=3), max_leaves=8)


@given(from_server, st.text(max_size=12), json_values)
def test_a_changed_field_is_a_message_or_a_typed_error(message, key, value):
    data = msgspec.to_builtins(message)
    data[key if key in data else next(iter(data))] = value
    with contextlib.suppress(p.ProtocolError):
        assert isinstance(p.decode_from_server(json.dumps(data)), p.Message)


@given(from_agent, st.dictionaries(st.text(min_size=3, max_size=8).map('x_'.__add__), json_values, max_size=3))
def test_fields_of_a_later_version_are_ignored(message, extra):
    data = {**msgspec.to_builtins(message), **extra}
    assert p.decode_from_agent(json.dumps(data)) == message


def test_an_unknown_type_is_told_apart_from_nonsense():
    with pytest.raises(p.UnknownType) as unknown:
        p.decode_from_server('{"type": "fax", "to": "everyone"}')
    assert unknown.value.code == 'unknown_type'
    with pytest.raises(p.ProtocolError) as bad:
        p.decode_from_server('{"type": "go"}')
    assert bad.value.code == 'bad_message'


def test_each_side_only_understands_what_the_other_may_say():
    with pytest.raises(p.UnknownType):
        p.decode_from_agent(p.encode(make_job()))
    with pytest.raises(p.UnknownType):
        p.decode_from_server(p.encode(p.Heartbeat()))


def test_large_frames_are_refused_before_they_are_read():
    with pytest.raises(p.MessageTooLarge):
        p.decode_from_server(b' ' * (p.MAX_MESSAGE + 1))
    with pytest.raises(p.MessageTooLarge):
        p.decode_from_server('ä' * (p.MAX_MESSAGE // 2 + 1))


def test_deep_nesting_is_an_error_and_no_crash():
    with pytest.raises(p.ProtocolError):
        p.decode_from_server('{"type": "go", "job": ' + '[' * 100_000)


@pytest.mark.parametrize('change', [
    {'length': 0}, {'length': p.MAX_DOCUMENT + 1}, {'pages': p.MAX_PAGES + 1}, {'copies': 11}, {'width_mm': 0},
    {'height_mm': p.MAX_SIDE_MM + 1}, {'sha256': 'x'}, {'kind': 'poster'}, {'job': ''}, {'expires_in': -1}])
def test_headers_out_of_bounds_are_refused(change):
    data = {**msgspec.to_builtins(make_job()), **change}
    with pytest.raises(p.ProtocolError):
        p.decode_from_server(json.dumps(data))


def test_all_outcomes_are_listed():
    assert set(p.OUTCOMES) == set(p.Outcome.__args__)
