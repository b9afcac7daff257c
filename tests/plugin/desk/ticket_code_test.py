"""What a code says: all versions of Indico's tickets, and that nothing else is taken for one."""

import base64
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico.modules.events.registration.util import get_ticket_qr_code_data

from indico_checkin_print.desk.ticket_code import MAX_CODE, TicketCode, parse, server_of


TICKET, PERSON = '8e2ba3a7-2d1f-4bb8-b6fa-7d4d2e5c0f13', '0b0f4f66-3f6f-4b5e-9d2c-d35ea13a9a01'


def short(uuid):
    return base64.b64encode(UUID(uuid).bytes).decode()


@pytest.mark.parametrize(('text', 'expected'), [
    ({'i': [2, 'indico.example.com', short(TICKET)]}, TicketCode(TICKET, '', 'indico.example.com')),
    ({'i': [1, 'indico.example.com', short(TICKET)]}, TicketCode(TICKET, '', 'indico.example.com')),
    ({'i': [2, 'indico.example.com', short(TICKET), short(PERSON)]}, TicketCode(TICKET, PERSON, 'indico.example.com')),
    # a server without TLS keeps its scheme; plugins add keys
    ({'i': [2, 'http://localhost:8000', short(TICKET)], 'adams': 'https://x'},
     TicketCode(TICKET, '', 'http://localhost:8000')),
    ({'checkin_secret': TICKET, 'event_id': '1', 'registrant_id': 5, 'server_url': 'https://indico.example.com/',
      'version': 1}, TicketCode(TICKET, '', 'indico.example.com')),
    ({'checkin_secret': TICKET.upper(), 'server_url': 'http://a', 'person_id': PERSON},
     TicketCode(TICKET, PERSON, 'http://a')),
])
def test_versions(text, expected):
    assert parse(json.dumps(text)) == expected


@pytest.mark.parametrize('text', [
    '', ' ', '0', 'null', '[]', '{}', '"x"', 'https://indico.example.com/event/1/', TICKET,
    '{"i": 1}', '{"i": []}', '{"i": {}}', '{"i": [2, "a"]}', '{"i": [2, 3, "x"]}', '{"i": ["2", "a", "b"]}',
    '{"i": [2, "a", "AAAA"]}', '{"i": [2, "a", "ä"]}', '{"i": [2, "a", null]}', '{"i": [2, "a", ["x"]]}',
    '{"i": [2, "a", "' + short(TICKET) + '", "x"]}', '{"i": [2, "a", "' + short(TICKET) + '", "", "", ""]}',
    '{"i": [2, "a", "' + short(TICKET)[:-1] + '"]}',
    '{"checkin_secret": "x", "server_url": "a"}', '{"checkin_secret": 1, "server_url": "a"}',
    '{"checkin_secret": "' + TICKET + '"}', '{"checkin_secret": "' + TICKET + '", "server_url": 5}',
    '[' * MAX_CODE, '{"i":' * 500, '\0', '\ud800', '9' * MAX_CODE, 'NaN', '{"i": [NaN, "a", "b"]}',
    json.dumps({'i': [2, 'a' * MAX_CODE, short(TICKET)]}),
])
def test_what_is_no_ticket(text):
    assert parse(text) is None


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                                lambda x: st.lists(x, max_size=4) | st.dictionaries(
                                    st.sampled_from(['i', 'checkin_secret', 'server_url', 'person_id']), x)
                                ).map(json.dumps))
def test_anything(text):
    code = parse(text)
    assert code is None or str(UUID(code.ticket_uuid)) == code.ticket_uuid


def test_what_indico_makes_today(app, reg, configure):
    """If Indico changes its codes, this fails."""
    from indico.core.config import config
    with app.test_request_context():
        for person in ('', PERSON):
            data = get_ticket_qr_code_data({'registration': reg, 'is_accompanying': bool(person), 'id': person})
            assert parse(json.dumps(data)) == TicketCode(reg.ticket_uuid, person, server_of(config.BASE_URL))
