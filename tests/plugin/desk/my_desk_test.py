"""*My desk*: chosen by one opening of a link, shown, changed, left, and over at the end of the day."""

from datetime import datetime, timedelta

import pytest
import pytz

from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.util.date_time import now_utc

from indico_checkin_print.desk.own_desk import choose, end_of_day, own_desk
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.own_desks import OwnDesk


@pytest.fixture
def url(event):
    return f'/event/{event.id}/desk'


def text_of(response):
    assert response.status_code == 200
    return ' '.join(response.get_data(as_text=True).split())


def test_the_link_changes_nothing_until_its_page_is_there(volunteer, url, objects):
    text = text_of(volunteer.get(f'{url}/{objects.desk.id}/', xhr=False))
    assert 'data-submit-now' in text
    assert 'name="viewport"' in text
    assert OwnDesk.query.count() == 0


def test_choose_move_leave(db, volunteer, user, url, objects, event):
    south = Desk(event=event, name='South <b>')
    db.session.add(south)
    db.session.flush()
    assert 'You have no desk yet' in text_of(volunteer.get(f'{url}/', xhr=False))
    for desk, shown in ((objects.desk, 'North'), (south, 'South &lt;b&gt;')):
        answer = volunteer.post(f'{url}/{desk.id}/')
        assert (answer.status_code, answer.location) == (302, f'{url}/')
        assert f'Your badges come out at <strong><bdi>{shown}</bdi>' in text_of(volunteer.get(f'{url}/', xhr=False))
        assert own_desk(event, user).desk == desk
    assert OwnDesk.query.count() == 1
    assert volunteer.post(f'{url}/leave').status_code == 302
    assert own_desk(event, user) is None
    assert 'You have no desk yet' in text_of(volunteer.get(f'{url}/', xhr=False))


@pytest.mark.parametrize(('zone', 'now', 'end'), [
    ('Europe/Zurich', '2026-07-01T10:00', '2026-07-01T22:00'),
    ('Europe/Zurich', '2026-07-01T22:30', '2026-07-02T22:00'),
    # the day on which the clocks go back has 25 hours
    ('Europe/Zurich', '2026-10-24T22:30', '2026-10-25T23:00'),
    ('Asia/Tokyo', '2026-08-03T23:00', '2026-08-04T15:00'),
    ('America/Los_Angeles', '2026-01-05T03:00', '2026-01-05T08:00'),
])
def test_the_day_ends_at_midnight_in_the_time_zone_of_the_event(zone, now, end):
    now, end = (pytz.utc.localize(datetime.fromisoformat(x)) for x in (now, end))
    assert end_of_day(pytz.timezone(zone), now) == end


def test_the_next_day_it_is_over(db, user, objects, event, freeze_time):
    choose(objects.desk, user)
    assert OwnDesk.query.one().ends_dt == end_of_day(event.tzinfo, now_utc())
    freeze_time(now_utc() + timedelta(days=1, minutes=1))
    assert own_desk(event, user) is None


def test_a_desk_that_was_deleted_is_nobodys(db, manager, page, volunteer, user, url, objects, event, set_job):
    choose(objects.desk, user)
    objects.device.desk = objects.desk
    db.session.flush()
    manager.post(f'{page}/desks/{objects.desk.id}/delete')
    db.session.expire_all()
    assert (objects.desk.is_deleted, OwnDesk.query.count(), objects.device.desk) == (True, 0, None)
    assert volunteer.get(f'{url}/{objects.desk.id}/').status_code == 404
    assert volunteer.get(f'/desk/{objects.desk.id}').status_code == 404


def test_the_short_link_asks_to_log_in_and_leads_to_the_desk(browse, volunteer, url, objects):
    answer = browse().get(f'/desk/{objects.desk.id}', xhr=False)
    assert answer.status_code == 302
    assert '/login/' in answer.location
    answer = volunteer.get(f'/desk/{objects.desk.id}', xhr=False)
    assert (answer.status_code, answer.location) == (302, f'{url}/{objects.desk.id}/')


def test_devices_that_a_manager_assigned_are_named(db, volunteer, user, url, objects, event):
    token = PersonalToken(user=user, name='Scanner', scopes={'registrants'})
    token.generate_token()
    db.session.add(token)
    db.session.flush()
    db.session.add(Device(event=event, token=f'personal:{token.id}', name='Phone 7', desk=objects.desk))
    db.session.flush()
    assert '<bdi>Phone 7</bdi>: <bdi>North</bdi>' in text_of(volunteer.get(f'{url}/', xhr=False))
    assert 'Phone 1' not in text_of(volunteer.get(f'{url}/', xhr=False))


@pytest.mark.parametrize(('rights', 'shown'), [({'registration_checkin'}, True), ({'registration'}, True),
                                              ({'surveys'}, False)])
def test_the_menu_leads_there(app, event, create_user, rights, shown):
    from flask import session

    from indico_checkin_print.management.menu import get_my_desk_item
    user = create_user(301)
    event.update_principal(user, add_permissions=rights)
    with app.test_request_context():
        session.set_session_user(user)
        assert (get_my_desk_item(None, event) is not None) == shown
