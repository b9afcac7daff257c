"""Whom a type is for and how they attended: the dialogs, and that nobody changes another rule than the one they saw."""

import pytest

from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.certificates.types import HowRule, Who
from indico_checkin_print.management.certificates.rules import key_of, keyed
from indico_checkin_print.routing.rules import HasTag, dump


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def tags(db, event):
    tags = [RegistrationTag(event=event, title=title, color='red') for title in ('Helper', 'Remote')]
    db.session.add_all(tags)
    db.session.flush()
    return [tag.id for tag in tags]


def test_groups(db, manager, here, types, tags, log_of):
    volunteer = types['volunteer']
    url = f'{here}/types/{volunteer.id}'
    assert 'name="days"' not in manager.get(f'{url}/who/add').json['html']
    assert 'Choose at least one condition.' in str(manager.save(f'{url}/who/add'))
    assert manager.save(f'{url}/who/add', tags=tags[0]) == {}
    assert volunteer.who == dump([Who((HasTag((tags[0],)),))])
    assert 'tag Helper' in manager.get(f'{url}/', xhr=False).get_data(as_text=True)
    assert 'tag Helper' in manager.get(f'{here}/live').get_data(as_text=True)
    key, = keyed(volunteer.who, Who)
    assert manager.save(f'{url}/who/{key}/', tags=tags[1]) == {}
    # somebody else had the page open before
    assert manager.get(f'{url}/who/{key}/').status_code == 404
    assert manager.post(f'{url}/who/{key}/delete').status_code == 404
    key, = keyed(volunteer.who, Who)
    manager.post(f'{url}/who/{key}/delete')
    db.session.refresh(volunteer)
    assert volunteer.who == []
    assert 'Rule deleted' in log_of(volunteer.event)


def test_how(db, manager, here, attendee, tags):
    url = f'{here}/types/{attendee.id}/how'
    assert manager.save(f'{url}/add', tags=tags[0], how='').keys() == {'how'}
    assert manager.save(f'{url}/add', tags=tags[0], how='on site') == {}
    assert manager.save(f'{url}/add', tags=tags[1], how='remotely') == {}
    second = key_of(HowRule((HasTag((tags[1],)),), 'remotely'))
    manager.post(f'{url}/{second}/move')
    db.session.refresh(attendee)
    assert [rule['how'] for rule in attendee.how_rules] == ['remotely', 'on site']
    text = manager.get(f'{here}/types/{attendee.id}/', xhr=False).get_data(as_text=True)
    assert text.index('remotely') < text.index('on site')


def test_speakers_have_none(manager, here, types, tags):
    assert manager.get(f'{here}/types/{types["speaker"].id}/who/add').status_code == 404
