"""The list of devices, and what a manager assigns."""

from datetime import timedelta

import pytest

from indico.core.oauth.models.applications import OAuthApplicationUserLink
from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.core.oauth.models.tokens import OAuthToken
from indico.util.date_time import now_utc

from indico_checkin_print.management.setup.devices import devices_of
from indico_checkin_print.models.devices import Device


@pytest.fixture
def devices(db, event, objects, create_user, create_application):
    """Two phones with the app and one program, all of one account; the device of `objects` has no token any more."""
    user = create_user(300, 'Desk', 'Account')
    link = OAuthApplicationUserLink(application=create_application(name='Check-in app'), user=user,
                                    scopes=['registrants'])
    tokens = [OAuthToken(app_user_link=link, access_token=f'{n}' * 42, scopes=['registrants'],
                         last_used_dt=now_utc() - timedelta(minutes=n)) for n in range(2)]
    tokens.append(PersonalToken(user=user, name='Gate', scopes={'registrants'}))
    tokens[2].generate_token()
    tokens[2].created_dt = now_utc() - timedelta(hours=1)
    db.session.add_all([link, *tokens])
    db.session.flush()
    devices = [Device(event=event, token=f'{"personal" if n == 2 else "app"}:{token.id}')
               for n, token in enumerate(tokens)]
    db.session.add_all(devices)
    db.session.flush()
    return devices


def test_the_list(manager, page, event, devices):
    rows = devices_of(event)
    assert [row.device for row in rows] == devices
    assert [row.token_name for row in rows] == ['Check-in app', 'Check-in app', 'Gate']
    assert {row.user.full_name for row in rows} == {'Desk Account'}
    text = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert f'Device {devices[0].id}' in text
    assert 'Phone 1' not in text


def test_a_revoked_token_is_no_device(db, event, devices):
    PersonalToken.query.filter_by(name='Gate').one().revoke()
    db.session.flush()
    assert [row.device for row in devices_of(event)] == devices[:2]


def test_assign(db, manager, page, event, objects, devices, log_of):
    url = f'{page}/devices/{devices[0].id}/'
    assert manager.save(url, name='Phone 3', desk_id=str(objects.desk.id)) == {}
    assert (devices[0].name, devices[0].desk) == ('Phone 3', objects.desk)
    assert 'Phone 3' in log_of(event)
    assert manager.save(url, name='', desk_id='0') == {}
    assert (devices[0].name, devices[0].desk) == ('', None)


def test_a_desk_of_another_event(manager, page, devices, create_event, make_objects):
    theirs = make_objects(create_event(77))
    assert 'desk_id' in manager.save(f'{page}/devices/{devices[0].id}/', name='x', desk_id=str(theirs.desk.id))
    assert devices[0].desk is None


def test_a_name_that_is_too_long(manager, page, devices):
    assert 'name' in manager.save(f'{page}/devices/{devices[0].id}/', name='x' * 101, desk_id='0')
