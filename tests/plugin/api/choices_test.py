"""A program asks which desks and templates there are."""

import json
import re
from pathlib import Path

import pytest

from indico_checkin_print.badge.templates import usable_templates
from indico_checkin_print.models.desks import Desk


pytestmark = pytest.mark.usefixtures('form', 'event')

DOC = (Path(__file__).parents[3] / 'docs' / 'api.md').read_text()


@pytest.fixture
def ask(test_client, create_user, create_event, event, token_of):
    """Return a function that asks as somebody with some permissions; it returns the status and the answer."""
    def _ask(event_id=event.id, scopes=('registrants',), **rights):
        user = create_user(170 + len(event.acl_entries))
        if rights:
            event.update_principal(user, **rights)
        response = test_client.get(f'/api/plugin/checkin-print/event/{event_id}/choices',
                                   headers={'Authorization': f'Bearer {token_of(user, scopes)}'})
        return response.status_code, json.loads(response.data)
    return _ask


VOLUNTEER = {'add_permissions': {'registration_checkin'}}


def test_what_there_is(db, ask, event, form, desk, template):
    db.session.add_all([Desk(event=event, name='Old', is_deleted=True), second := Desk(event=event, name='Desk 2')])
    db.session.flush()
    regform = form.registration_form
    status, answer = ask(**VOLUNTEER)
    assert status == 200
    assert answer['desks'] == [{'id': desk.id, 'name': 'Desk 1'}, {'id': second.id, 'name': 'Desk 2'}]
    own, = answer['forms']
    assert (own['id'], own['title'], own['prints']) == (regform.id, regform.title, True)
    assert [each['id'] for each in own['templates']] == [each.id for each in usable_templates(regform)]
    assert {'id': template.id, 'title': template.title} in own['templates']
    form.enabled = False
    db.session.flush()
    assert ask(**VOLUNTEER)[1]['forms'][0]['prints'] is False


def test_who_may(ask, create_event):
    create_event(77)
    assert ask()[0] == 403
    assert ask(event_id=77, **VOLUNTEER)[0] == 403
    assert ask(scopes=('read:user',), **VOLUNTEER)[0] == 403
    assert ask(add_permissions={'registration'})[0] == 200


def test_the_document(ask):
    example = next(block for block in map(json.loads, re.findall(r'```json\n(.*?)```', DOC, re.DOTALL))
                   if 'forms' in block)
    __, answer = ask(**VOLUNTEER)
    assert answer.keys() == example.keys()
    for name in answer:
        assert answer[name][0].keys() == example[name][0].keys()
    assert answer['forms'][0]['templates'][0].keys() == example['forms'][0]['templates'][0].keys()
