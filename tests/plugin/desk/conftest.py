"""A volunteer, and the tickets that they scan."""

import json

import pytest

from indico.modules.events.registration.util import get_ticket_qr_code_data


@pytest.fixture
def user(create_user, event):
    user = create_user(300, 'Vera', 'Volunteer')
    event.update_principal(user, add_permissions={'registration_checkin'})
    return user


@pytest.fixture
def volunteer(browse, user):
    return browse(user)


@pytest.fixture
def code_of(app, db):
    """Return a function that returns the code of a ticket, as Indico makes it."""
    def _code_of(registration, person=None):
        with app.test_request_context():
            db.session.flush()
            return json.dumps(get_ticket_qr_code_data({
                'registration': registration, 'is_accompanying': person is not None, 'id': person}))
    return _code_of


@pytest.fixture
def url(event):
    """The URL of the scan station, whose answers `scan` returns."""
    return f'/event/{event.id}/desk/scan'


@pytest.fixture
def scan(db, volunteer, url):
    """Return a function that sends what a scanner read, and returns the answer.

    Its `way` is the last part of the URL: the scan station prints, or only checks in.
    """
    def _scan(code='', way='answer', **data):
        response = volunteer.post(f'{url}/{way}', code=code, **data)
        assert response.status_code == 200, response.data
        db.session.expire_all()
        return response.json
    return _scan
