"""The messages as properties: whatever comes in is a message or a typed error; whatever is said can be read.

The examples are made from the message classes themselves, limits included, so a new message or field is covered as
soon as it exists.
"""

import contextlib
import json
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from print_agent.protocol import errors
from print_agent.protocol import messages as p
from print_agent.protocol.text import PLAIN

from tests.fakes.badges import J1


FROM_AGENT, FROM_SERVER = p.FromAgent.__args__, p.FromServer.__args__
#: Shapes of their own, which are not sent as a frame.
BODIES = (p.Poll, p.PollReply, p.Delivery, p.OutcomeReport)
DECODE = {**dict.fromkeys(FROM_AGENT, p.decode_from_agent), **dict.fromkeys(FROM_SERVER, p.decode_from_server)}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8)


def strategy(kind):
    """Make examples of a type as msgspec describes it, as far as its limits allow."""
    match kind:
        case inspect.StrType(pattern=pattern) if pattern not in {None, PLAIN}:
            return st.from_regex(pattern, alphabet='0123456789abcdef-')
        case inspect.StrType():
            # long ones are the business of the tests of the limits
            return st.text(st.characters(exclude_categories=('Cc', 'Cs')), min_size=kind.min_length or 0,
                           max_size=min(kind.max_length or 30, 30))
        case inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case inspect.FloatType():
            return st.floats(kind.ge if kind.ge is not None else kind.gt, kind.le, exclude_min=kind.gt is not None,
                             allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.AnyType():
            return json_values
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.EnumType():
            return st.sampled_from(kind.cls)
        case inspect.VarTupleType():
            return st.lists(strategy(kind.item_type), max_size=min(kind.max_length or 3, 3)).map(tuple)
        case inspect.DictType():
            return st.dictionaries(strategy(kind.key_type), strategy(kind.value_type), max_size=3)
        case inspect.UnionType():
            return st.one_of([strategy(option) for option in kind.types])
        case inspect.StructType():
            return st.builds(kind.cls, **{field.name: strategy(field.type) for field in kind.fields})
    raise NotImplementedError(kind)


def of(*classes):
    """Make examples of these classes."""
    return st.one_of([strategy(inspect.type_info(cls)) for cls in classes])


frames = of(*dict.fromkeys(FROM_AGENT + FROM_SERVER))


@pytest.mark.parametrize('cls', [*DECODE, *BODIES], ids=lambda cls: cls.__name__)
def test_every_message_survives_the_wire(cls):
    @settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])  # of a busy computer
    @given(of(cls))
    def survives(message):
        data = p.encode(message)
        assert msgspec.json.decode(data, type=cls) == message
        if cls in DECODE:
            assert DECODE[cls](data) == DECODE[cls](data.decode()) == message
            assert len(data) <= p.MAX_MESSAGE
    survives()


@given(st.binary(max_size=300) | st.text(st.characters(), max_size=300))
@example('\ud800')
@example('{"type": "\ud800"}')
@example(b'\xff\xfe{"type":"hello"}')
@example(b'{"type": "go", "type": "fax"}')
@example('{"type": "go", "job": 1e999}')
@example('{"type": "heartbeat", "depth": NaN}')
@example('{"type": "heartbeat", "depth": ' + '9' * 5000 + '}')
def test_any_bytes_are_a_message_or_a_typed_error(data):
    for decode in (p.decode_from_agent, p.decode_from_server):
        try:
            message = decode(data)
        except errors.ProtocolError as exc:
            # which is fit to be sent back, and understood
            message = p.decode_from_agent(p.encode(p.Error(code=exc.reason, detail=exc.detail)))
            assert message.code in {'bad_message', 'too_large', 'unknown_type'}
        assert isinstance(message, p.Message)


@given(frames, st.data())
def test_a_damaged_message_is_a_message_or_a_typed_error(message, data):
    """Bytes that are nearly right come closer to the corners of a decoder than random ones."""
    raw = bytearray(p.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(raw)))
        raw[position:position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    for decode in (p.decode_from_agent, p.decode_from_server):
        with contextlib.suppress(errors.ProtocolError):
            assert isinstance(decode(bytes(raw)), p.Message)


@given(frames, st.data(), json_values)
def test_anything_in_a_field(message, data, value):
    """A field with anything in it is a message or a typed error."""
    fields = msgspec.to_builtins(message)
    fields[data.draw(st.sampled_from(sorted(fields)))] = value
    with contextlib.suppress(errors.ProtocolError):
        assert isinstance(DECODE[type(message)](json.dumps(fields)), p.Message)


@given(frames, st.dictionaries(st.text(max_size=8), json_values, max_size=3))
def test_unknown_fields_are_ignored(message, extra):
    fields = msgspec.to_builtins(message)
    assume(not extra.keys() & fields.keys())
    assume(not extra.keys() & set(message.__struct_fields__))
    assert DECODE[type(message)](json.dumps({**fields, **extra})) == message
    assert DECODE[type(message)](json.dumps({**extra, **fields})) == message


@given(st.text(max_size=300), st.dictionaries(st.text(max_size=8), json_values, max_size=3))
def test_unknown_types_have_an_answer_of_their_own(kind, extra):
    """By it a peer of a later version learns that it must do without this message."""
    assume(kind not in {cls.__struct_config__.tag for cls in DECODE})
    for decode in (p.decode_from_agent, p.decode_from_server):
        with pytest.raises(errors.UnknownType) as caught:
            decode(json.dumps({**extra, 'type': kind}))
        answer = p.encode(p.Error(code=caught.value.reason, detail=caught.value.detail))
        assert p.decode_from_server(answer).code == 'unknown_type'


def limits(cls):
    """Yield (path of names, type) of everything in a class that has a limit."""
    def inside(kind, path):
        match kind:
            case inspect.StructType():
                for field in kind.fields:
                    yield from inside(field.type, (*path, field.name))
            case inspect.VarTupleType():
                yield path, kind
                yield from inside(kind.item_type, (*path, 0))
            case inspect.StrType() | inspect.IntType() | inspect.FloatType():
                yield path, kind
    yield from inside(inspect.type_info(cls), ())


def beyond(kind, inner):
    """Yield values just outside of a type's limits. `inner` is an item of a list."""
    match kind:
        case inspect.VarTupleType(max_length=int() as most):
            yield [inner] * (most + 1)
        case inspect.StrType():
            if kind.max_length is not None:
                yield 'x' * (kind.max_length + 1)
            if kind.min_length:
                yield ''
            if kind.pattern == PLAIN:
                yield from ('a\0', 'a\n', '\x1b[2J', 'a\x7f', 'a\x85')
            elif kind.pattern:
                yield 'G' * 64
                yield 'a' * 64 + '\n'
        case inspect.IntType() | inspect.FloatType():
            yield from (bound for bound in (kind.gt,) if bound is not None)
            yield from (bound - 1 for bound in (kind.ge,) if bound is not None)
            yield from (bound + 1 for bound in (kind.le,) if bound is not None)


#: What has a list in it needs something to put there.
FILLING = {'printers': {'name': 'p'}, 'holding': {'job': J1, 'dispatch': 1, 'state': 'go'}, 'reasons': 'r',
           'media': 'm', 'wanted': 'p', 'features': 'f', 'calls': {'desk': 1, 'name': 'd'}}


@pytest.mark.parametrize(('cls', 'path', 'kind'), [
    pytest.param(cls, path, kind, id=f'{cls.__name__}.{".".join(map(str, path))}')
    for cls in DECODE for path, kind in limits(cls)])
@settings(max_examples=10)  # there are eighty of these
@given(st.data())
def test_limits_hold(cls, path, kind, data):
    """Each limit of each field alone, in a message that is right otherwise."""
    fields = msgspec.to_builtins(data.draw(of(cls)))
    inside = fields
    for name, following in pairwise(path):
        if following == 0:
            inside[name] = [msgspec.json.decode(json.dumps(FILLING[name]))]
        inside = inside[name]
    DECODE[cls](json.dumps(fields))
    for value in beyond(kind, FILLING.get(path[-1])):
        inside[path[-1]] = value
        with pytest.raises(errors.ProtocolError):
            DECODE[cls](json.dumps(fields))


def test_all_limits_are_looked_at():
    unlimited = {(cls.__name__, *path) for cls in DECODE for path, kind in limits(cls)
                 if not list(beyond(kind, ''))}
    # a number that is only compared
    assert unlimited == {('Hello', 'protocol'), ('Welcome', 'protocol')}


@given(st.integers(p.MAX_MESSAGE - 2, p.MAX_MESSAGE + 2), st.booleans())
def test_the_largest_frame(size, as_text):
    frame = b'{"type":"heartbeat","x":"' + b'a' * (size - 27) + b'"}'
    assert len(frame) == size
    if size > p.MAX_MESSAGE:
        with pytest.raises(errors.MessageTooLarge):
            p.decode_from_agent(frame.decode() if as_text else frame)
    else:
        assert p.decode_from_agent(frame.decode() if as_text else frame) == p.Heartbeat()
