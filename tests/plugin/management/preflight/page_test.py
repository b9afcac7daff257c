"""The tab *Preflight*: what was found, for whom, and with which links."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print.ledger import examined
from indico_checkin_print.models.examined import Examined
from indico_checkin_print.work import preflight


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def seeded(db, event, form, template, create_reg):
    """An event with two people whose badges have boxes, and a template with an item outside its page."""
    event.start_dt, event.end_dt = now_utc(), now_utc() + timedelta(days=1)
    template.data = {**template.data, 'items': [*template.data['items'], {**template.data['items'][0], 'x': 1000}]}
    people = [create_reg(f'{name}\ue000', 'Person') for name in ('Viktor', 'Hildegard')]
    db.session.flush()
    return people


def test_before_and_after(manager, page, seeded, event, template, log_of):
    assert 'have not been examined yet' in manager.get(f'{page}/preflight/', xhr=False).get_data(as_text=True)
    manager.post(f'{page}/preflight/now')
    assert 'Under way' in manager.get(f'{page}/preflight/live').get_data(as_text=True)
    assert not preflight.examine(seconds=30)
    text = manager.get(f'{page}/preflight/', xhr=False).get_data(as_text=True)
    assert '2 of 2 registrations' in text
    assert 'Under way' not in text
    for registration in seeded:
        assert f'/registrations/{registration.id}/"' in text
        assert f'/registrations/{registration.id}/preview' in text
    assert f'/designer/{template.id}/' in text
    assert 'outside the page' in text
    assert 'Preflight of the badges' in log_of(event)


def test_what_the_browser_has_is_not_made_once_more(manager, page, seeded, event, template, db):
    def _ask(etag=''):
        answer = manager.get(f'{page}/preflight/live', headers={'If-None-Match': etag} if etag else {})
        return answer.status_code, answer.headers.get('ETag'), answer.get_data(as_text=True)

    examined.ask(event.id)
    __, etag, text = _ask()
    assert ('Under way' in text, 'outside the page' in text) == (True, True)
    assert _ask(etag)[0] == 304
    # how far it is has changed, and nothing was found
    Examined.query.delete()
    db.session.add(Examined(registration_id=seeded[0].id, person='', event_id=event.id, drawn_from='', drawn_by='',
                            seconds=1, checked_dt=now_utc()))
    db.session.flush()
    __, etag, text = _ask(etag)
    assert ('1 of 2' in text, 'outside the page' in text) == (True, False)
    assert not preflight.examine(seconds=30)
    __, etag, text = _ask(etag)
    assert ('2 of 2' in text, 'U+E000' in text, 'Some badges need attention' in text) == (True, True, True)
    assert _ask(etag)[0] == 304
    # a template is looked at whenever somebody looks
    template.data = {**template.data, 'items': template.data['items'][:-1]}
    db.session.flush()
    code, __, text = _ask(etag)
    assert (code, 'outside the page' in text, 'U+E000' in text) == (200, False, True)


def test_a_printer_is_named_by_its_desk(db, manager, page, event, form, desk, mocker):
    form.template = None
    mocker.patch('indico_checkin_print.badge.template_choice.get_default_badge_on_category', return_value=None)
    mocker.patch('indico_checkin_print.diagnostics.preflight.turned_twice',
                 return_value=[SimpleNamespace(desk_id=desk.id, words='Turned twice.')])
    db.session.flush()
    text = manager.get(f'{page}/preflight/', xhr=False).get_data(as_text=True)
    assert f'<bdi>{desk.name}</bdi>' in text
    assert 'Simple badge' not in text


def test_hidden_people_are_neither_shown_nor_counted(manager, page, seeded, event, dummy_regform):
    examined.ask(event.id)
    assert not preflight.examine(seconds=30)

    def _only_viktor(regform, user, **kwargs):
        return Registration.first_name.startswith('Viktor')

    with signals.event.filter_registration_list.connected_to(_only_viktor, sender=dummy_regform):
        text = manager.get(f'{page}/preflight/', xhr=False).get_data(as_text=True)
    assert '1 of 1 registrations' in text
    assert 'Viktor' in text
    assert 'Hildegard' not in text
    assert f'/registrations/{seeded[1].id}/' not in text
