"""Who may use the volunteers' pages: every route of the URL map, every kind of person."""

import itertools

import pytest

from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.desk.urls import PREFIX
from indico_checkin_print.management import urls as management_urls
from indico_checkin_print.models.own_desks import OwnDesk
from tests.plugin.routes import DESK_ROUTES, OTHER_ROUTES, WALK_IN_ROUTES, ask, ask_all, ids_of


WITH_DESK = [(method, path) for method, path in DESK_ROUTES if '{desk}' in path]
WITH_FORM = [(method, path) for method, path in WALK_IN_ROUTES if '{form}' in path]
CHANGING = [(method, path) for method, path in DESK_ROUTES if method == 'POST']
#: What each kind of person may in the event: those for whom the pages are not, and those for whom they are
OTHERS = {
    'nobody': None,
    'stranger': set(),
    'editor': {'registration_edit'},
    'manager of another event': 'other',
}
VOLUNTEERS = {
    'volunteer': {'registration_checkin'},
}
#: Those who may register people as well
REGISTRARS = {
    'volunteer who may edit': {'registration_checkin', 'registration_edit'},
    'manager of registrations': {'registration'},
    'manager': 'full_access',
    'administrator': 'admin',
}


@pytest.fixture
def url(event):
    return f'/event/{event.id}/desk'


@pytest.fixture
def ids(objects, dummy_regform):
    return ids_of(objects, dummy_regform)


@pytest.fixture
def person(browse, create_user, create_event, event):
    """Return a function that returns the browser of a new person of some kind."""
    ids = itertools.count(300)

    def _person(rights):
        if rights is None:
            return browse()
        user = create_user(next(ids), 'Vera', 'Volunteer', admin=rights == 'admin')
        if rights == 'other':
            create_event(77).update_principal(user, full_access=True)
        elif rights == 'full_access':
            event.update_principal(user, full_access=True)
        elif rights and rights != 'admin':
            event.update_principal(user, add_permissions=rights)
        return browse(user)
    return _person


def test_every_route_of_the_plugin_has_an_entry(app):
    """Those of the managers' pages are compared in `management/access_test.py`."""
    rules = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods & {'GET', 'POST'}
             if rule.endpoint.startswith('plugin_checkin_print.') and not rule.endpoint.endswith('.static')
             and not rule.rule.startswith(management_urls.PREFIX)}
    names = {'desk': '<int:desk_id>', 'job': '<int:job_id>', 'form': '<int:reg_form_id>',
             'registration': '<int:registration_id>'}
    here = {(method, PREFIX + path.format(**names)) for method, path in DESK_ROUTES + WALK_IN_ROUTES}
    assert rules == here | OTHER_ROUTES


@pytest.mark.parametrize(('method', 'path'), DESK_ROUTES)
def test_who_may(person, url, ids, method, path):
    for number, (who, rights) in enumerate((VOLUNTEERS | REGISTRARS).items(), 1):
        response = ask(person(rights), method, url + path.format(**ids))
        assert response.status_code in {200, 302}, (who, response.data)
        assert OwnDesk.query.count() == (number if (method, path) == ('POST', '/{desk}/') else 0), who


@pytest.mark.parametrize(('method', 'path'), WALK_IN_ROUTES)
def test_who_may_register(person, url, ids, method, path):
    # one is not what the form sends
    expected = {400} if (method, path) == ('POST', '/walk-in/{form}/') else {200, 302}
    registration, before = Registration.query.get(ids['registration']), Registration.query.count()
    for who, rights in REGISTRARS.items():
        registration.checked_in = False
        response = ask(person(rights), method, url + path.format(**ids))
        assert response.status_code in expected, (who, response.data)
        assert registration.checked_in == path.endswith('check-in'), who
        assert Registration.query.count() == before, who


# those who are refused change nothing, so they ask for all routes in one test

@pytest.mark.parametrize('who', OTHERS)
def test_who_may_not(person, url, ids, who):
    assert ask_all(person(OTHERS[who]), url, DESK_ROUTES, ids,
                   OwnDesk.query.count) == dict.fromkeys(DESK_ROUTES, 403)


@pytest.mark.parametrize('who', OTHERS | VOLUNTEERS)
def test_who_may_not_register(person, url, ids, who):
    def _facts():
        return [reg.checked_in for reg in Registration.query]

    assert ask_all(person((OTHERS | VOLUNTEERS)[who]), url, WALK_IN_ROUTES, ids,
                   _facts) == dict.fromkeys(WALK_IN_ROUTES, 403)


def test_the_form_of_another_event(person, url, ids, create_event, create_regform):
    other = create_event(78)
    set_feature_enabled(other, 'registration', True)
    browser = person(REGISTRARS['volunteer who may edit'])
    assert ask_all(browser, url, WITH_FORM, ids | {'form': create_regform(other).id},
                   Registration.query.count) == dict.fromkeys(WITH_FORM, 404)


def test_the_desk_of_another_event(person, url, create_event, make_objects):
    other = create_event(78)
    set_feature_enabled(other, 'registration', True)
    theirs = make_objects(other)
    assert ask_all(person(VOLUNTEERS['volunteer']), url, WITH_DESK, {'desk': theirs.desk.id, 'job': theirs.job.id},
                   OwnDesk.query.count) == dict.fromkeys(WITH_DESK, 404)


def test_a_form_without_the_token_of_the_session_does_nothing(person, url, ids):
    browser = person(REGISTRARS['volunteer who may edit'])
    browser.token = 'another'
    assert ask_all(browser, url, CHANGING, ids, OwnDesk.query.count) == dict.fromkeys(CHANGING, 400)
