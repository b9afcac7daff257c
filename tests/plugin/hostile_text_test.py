"""No message of a peer ends as a fault of ours: every text field of every message, with anything in it, on PostgreSQL.

The paths to the fields are read from the message classes, so a new field is tried as soon as it exists.
"""

import copy
import json
import time
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from print_agent.protocol import messages, signing
from print_agent.protocol.errors import ProtocolError

from indico_checkin_print.agents import inbound
from indico_checkin_print.api import pairing
from indico_checkin_print.api.agents import PairRequest
from tests.plugin.api_fixtures import API
from tests.plugin.conftest import SECRET, TOKEN


LINK = 'link'
#: Characters that programs have stumbled over: NUL, control characters, halves of pairs, no characters at all
ODD = '\0\n\x1b\x7f\x85\ud800\udfff\ufdd0\ufffe\uffff\U0010ffff'
texts = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=()), max_size=30)

hostile = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sample(kind, uuid):
    """Return (an example of a type with something in each field, the paths to the texts in it)."""
    match kind:
        case inspect.StructType():
            fields = {field.name: sample(field.type, uuid) for field in kind.fields}
            value = {name: value for name, (value, __) in fields.items()}
            if kind.tag:
                value['type'] = kind.tag
            return value, [(name, *path) for name, (__, paths) in fields.items() for path in paths]
        case inspect.VarTupleType(item_type=inspect.UnionType(types=types)):
            samples = [sample(one, uuid) for one in types]
            return [s for s, __ in samples], [(i, *path) for i, (__, paths) in enumerate(samples) for path in paths]
        case inspect.VarTupleType():
            value, paths = sample(kind.item_type, uuid)
            return [value], [(0, *path) for path in paths]
        case inspect.UnionType():
            return sample(kind.types[0], uuid)
        case inspect.StrType():
            return (uuid if kind.pattern and '[0-9a-f]' in kind.pattern else 'x'), [()]
        case inspect.LiteralType():
            return kind.values[0], [()]
        case inspect.EnumType():
            return next(iter(kind.cls)).value, [()]
        case inspect.IntType():
            return 1, []
        case inspect.FloatType():
            return 1.0, []
        case inspect.BoolType():
            return False, []
    raise NotImplementedError(kind)


def example_of(cls, uuid):
    """Return (JSON values of a message, the paths to its texts)."""
    return sample(inspect.type_info(cls), uuid)


def changed(value, path, text):
    """Return a copy of JSON values with a text in it replaced."""
    value = inside = copy.deepcopy(value)
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = text
    return value


@pytest.fixture
def post(test_client):
    """Return a function that POSTs bytes and returns (status, answer)."""
    def _post(path, data, headers):
        response = test_client.post(API + path, data=data, headers={'Content-Type': 'application/json', **headers})
        return response.status_code, json.loads(response.data)
    return _post


def is_bad(text):
    """Return whether a text has something in it that no text may have."""
    try:
        # two halves in a row are a whole, as JSON writes them
        text = text.encode('utf-16', 'surrogatepass').decode('utf-16')
    except UnicodeDecodeError:
        return True
    return any(c < ' ' or '\x7f' <= c <= '\x9f' for c in text)


def test_polls(db, post, agent, ready_job):
    poll, paths = example_of(messages.Poll, ready_job.uuid)
    assert len(paths) > 35
    poll['begins'] = True

    @hostile
    @given(st.sampled_from(paths), texts)
    @example(('hello', 'printers', 0, 'model'), 'Badge 2000\0\0')
    @example(('hello', 'holding', 0, 'job'), 'no-uuid')
    @example(('hello', 'software'), '\ud83d\ude00 \ufffe')
    def polls(path, text):
        with db.session.begin_nested() as savepoint:
            status, answer = post('/poll', json.dumps(changed(poll, path, text)).encode(),
                                  {'Authorization': f'Bearer {TOKEN}'})
            db.session.flush()
            savepoint.rollback()
        assert (status, answer.get('error')) in {(200, None), (400, 'bad_message')}
        assert status == 400 or not is_bad(text)

    polls()
    status, answer = post('/poll', json.dumps(poll).encode(), {'Authorization': f'Bearer {TOKEN}'})
    assert status == 200, answer


@pytest.mark.parametrize('cls', messages.FromAgent.__args__, ids=lambda cls: cls.__name__)
def test_messages_of_a_websocket(db, agent, ready_job, cls):
    fields, paths = example_of(cls, ready_job.uuid)
    ready_job.agent_id, ready_job.printer, ready_job.dispatch = agent.id, 'p1', 1
    db.session.flush()
    if not paths:
        return

    @hostile
    @given(st.sampled_from(paths), texts)
    def says(path, text):
        data = json.dumps(changed(fields, path, text))
        try:
            message = messages.decode_from_agent(data)
        except ProtocolError as exc:
            refusal = messages.Error(code=exc.reason, detail=exc.detail)
            assert messages.decode_from_server(messages.encode(refusal)).code == 'bad_message'
            return
        assert not is_bad(text)
        with db.session.begin_nested() as savepoint:
            if isinstance(message, messages.Hello):
                inbound.hello(agent.id, LINK, message)
            elif not isinstance(message, messages.Error):
                inbound.receive(agent.id, LINK, message)
            db.session.flush()
            savepoint.rollback()

    says()


def test_pairing(db, post, unpaired, mocker):
    __, code = unpaired
    # sixty wrong codes
    mocker.patch.object(pairing, 'check_guesses')
    fields, paths = example_of(PairRequest, '')

    @hostile
    @given(st.sampled_from(paths), texts)
    @example(('hostname',), 'laptop\0')
    @example(('code',), '\0')
    def pairs(path, text):
        with db.session.begin_nested() as savepoint:
            status, answer = post('/pair', json.dumps(changed({**fields, 'code': code}, path, text)).encode(), {})
            db.session.flush()
            savepoint.rollback()
        assert (status, answer.get('error')) in {(200, None), (400, 'bad_message'), (403, 'wrong_code')}
        assert status == 400 or not is_bad(text)

    pairs()


@pytest.mark.parametrize('cls', inspect.type_info(messages.OutcomeReport).fields[0].type.types,
                         ids=lambda kind: kind.cls.__name__)
def test_callbacks(db, post, posted_job, cls):
    message, paths = sample(cls, posted_job.uuid)

    @hostile
    @given(st.sampled_from(paths), texts)
    def reports(path, text):
        body = json.dumps({'message': changed(message, path, text)}).encode()
        headers = signing.headers([SECRET], str(uuid4()), int(time.time()), body)
        with db.session.begin_nested() as savepoint:
            status, answer = post(f'/outcome/{posted_job.uuid}', body, headers)
            db.session.flush()
            savepoint.rollback()
        assert (status, answer.get('error')) in {(200, None), (400, 'bad_message'), (400, 'wrong_job')}
        assert status == 400 or not is_bad(text)

    reports()


@given(st.text(st.sampled_from(ODD) | st.characters(), max_size=60))
def test_tokens(text):
    """Headers hold what a program makes of bytes that are none of its own."""
    from indico_checkin_print.credentials import digest
    assert len(digest(messages.TOKEN_PREFIX + text)) == 64


def test_all_texts_of_agents_have_a_limit():
    """A text without one would be tried by no test of limits, and stored as it comes."""
    for cls in (*messages.FromAgent.__args__, PairRequest):
        for path in example_of(cls, '')[1]:
            kind = inspect.type_info(cls)
            for name in path:
                kind = (kind.item_type if name == 0 else
                        next(field.type for field in kind.fields if field.name == name))
            assert isinstance(kind, inspect.LiteralType | inspect.EnumType) or kind.pattern, (cls, path)


def test_the_answer_to_a_poll_is_fit(app, agent):
    """A person's name may have been pasted from anywhere."""
    from indico_checkin_print.api.base import answer
    reply = messages.PollReply(messages=(messages.Welcome(name='Desk\n1\0'),))
    assert msgspec.json.decode(answer(reply).data, type=messages.PollReply).messages[0].name == 'Desk 1'
