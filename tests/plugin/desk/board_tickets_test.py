"""Tickets of boards: who gets one, what it says, and that no other opens a link."""

from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import heartbeat, settings
from indico_checkin_print.desk import board_tickets
from indico_checkin_print.desk.board_tickets import Ticket, issue, read
from indico_checkin_print.models.desks import Desk


TICKET = Ticket(event_id=1, desk_id=2, user_id=3, lang='en_GB', sees_all=True)


@pytest.fixture
def user(create_user, event):
    user = create_user(300, 'Vera', 'Volunteer')
    event.update_principal(user, add_permissions={'registration_checkin'})
    return user


@pytest.fixture
def ask(browse, user, event, objects):
    return lambda: browse(user).get(f'/event/{event.id}/desk/{objects.desk.id}/board/ticket').json


@pytest.mark.usefixtures('app_context')
class TestTicket:
    def test_what_was_issued_is_read(self):
        assert read(issue(TICKET)) == TICKET
        # a subprotocol of websockets is a token of HTTP
        assert set(issue(TICKET)) <= set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.')
        assert len(issue(TICKET)) < board_tickets.MAX_TICKET

    def test_too_old(self, freeze_time):
        now = datetime(2026, 11, 26, 12, tzinfo=UTC)
        freeze_time(now)
        text = issue(TICKET)
        freeze_time(now + timedelta(seconds=board_tickets.TICKET_LIFETIME))
        assert read(text) == TICKET
        freeze_time(now + timedelta(seconds=board_tickets.TICKET_LIFETIME + 2))
        assert read(text) is None

    @pytest.mark.parametrize('forge', [
        lambda text: '',
        lambda text: text[:-1],
        lambda text: 'x' + text,
        lambda text: text.partition('.')[0],
        lambda text: text * 20,
        lambda text: '\udcff',
        lambda text: URLSafeTimedSerializer('guessed', salt='indico-checkin-print board').dumps({'desk_id': 2}),
        # signed by Indico for something else
        lambda text: URLSafeTimedSerializer(board_tickets.config.SECRET_KEY).dumps({'desk_id': 2}),
        # signed for this, and not a ticket
        lambda text: board_tickets._serializer().dumps({'desk_id': 2}),
        lambda text: board_tickets._serializer().dumps('x'),
    ])
    def test_forged(self, forge):
        assert read(forge(issue(TICKET))) is None

    def test_another_desk(self):
        other = issue(Ticket(event_id=1, desk_id=9, user_id=3, lang='en_GB', sees_all=True))
        mixed = '.'.join([other.split('.')[0], *issue(TICKET).split('.')[1:]])
        assert read(mixed) is None


def test_without_a_relay_there_is_nowhere_to_go(db, ask):
    assert ask() == {'url': None}
    heartbeat.beat(f'{heartbeat.RELAY}here:1')
    db.session.flush()
    assert ask()['url'] == settings.relay_url()


def test_what_the_ticket_says(db, app, ask, event, objects, dummy_regform):
    heartbeat.beat(f'{heartbeat.RELAY}here:1')
    ticket = read(ask()['ticket'])
    assert ticket == Ticket(event_id=event.id, desk_id=objects.desk.id, user_id=300, lang='en_GB', sees_all=True)

    def _some(regform, user, **kwargs):
        return Registration.first_name == 'Viktor'

    with signals.event.filter_registration_list.connected_to(_some, sender=dummy_regform):
        assert read(ask()['ticket']).sees_all is False


def test_no_ticket_for_a_desk_that_was_deleted(db, browse, user, event):
    desk = Desk(event=event, name='Gone', is_deleted=True)
    db.session.add(desk)
    db.session.flush()
    assert browse(user).get(f'/event/{event.id}/desk/{desk.id}/board/ticket').status_code == 404
