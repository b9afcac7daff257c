"""People who are found by name, and what the page shows of them."""

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState


pytestmark = pytest.mark.usefixtures('no_kick')
STATES = RegistrationState


def test_find_people(db, volunteer, url, create_reg, code_of, scan):
    def _names(name):
        return [(x['name'], x['state']) for x in volunteer.get(f'{url}/people?name={name}').json['people']]
    zoe, paul = create_reg(), create_reg('Paul', 'Moller', state=STATES.unpaid)
    assert _names('zoe mul') == [('Zoë Müller', '')]
    scan(registration=zoe.id)
    assert _names('zoe mul') == [('Zoë Müller', 'checked in')]
    assert _names('moller') == [('Paul Moller', 'Awaiting payment')]
    assert _names(paul.friendly_id) == [('Paul Moller', 'Awaiting payment')]
    for none in ('z', '', '%25%25', 'x' * 5000, '٣'):
        assert _names(none) == []
    paul.is_deleted = True
    db.session.flush()
    assert _names('moller') == []


def test_a_search_shows_twenty_people(volunteer, url, create_reg, mocker):
    for number in range(21):
        create_reg(f'Anna{number:02}', 'Same')
    found = volunteer.get(f'{url}/people?name=same').json
    assert [x['name'] for x in found['people']] == [f'Anna{number:02} Same' for number in range(20)]
    assert 'first 20' in found['note']
    mocker.patch('indico_checkin_print.management.jobs.query.MAX_PEOPLE', 5)
    found = volunteer.get(f'{url}/people?name=same').json
    assert (found['people'], 'Too many' in found['note']) == ([], True)
