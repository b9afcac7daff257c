"""Who may use the volunteers' pages: every route of the URL map, every kind of person."""

import pytest

from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.desk.urls import PREFIX
from indico_checkin_print.management import urls as management_urls
from indico_checkin_print.models.own_desks import OwnDesk
from tests.plugin.routes import DESK_ROUTES, OTHER_ROUTES, WALK_IN_ROUTES, ask, ids_of


every_route = pytest.mark.parametrize(('method', 'path'), DESK_ROUTES)
#: What each kind of person has: permissions in the event, and whether the pages are for them
PEOPLE = {
    'nobody': (None, False),
    'stranger': (set(), False),
    'editor': ({'registration_edit'}, False),
    'volunteer': ({'registration_checkin'}, True),
    'manager of registrations': ({'registration'}, True),
    'manager': ('full_access', True),
    'manager of another event': ('other', False),
    'administrator': ('admin', True),
}


@pytest.fixture
def url(event):
    return f'/event/{event.id}/desk'


@pytest.fixture
def person(db, browse, create_user, create_event, event):
    """Return a function that returns the browser of a kind of person."""
    def _person(rights):
        if rights is None:
            return browse()
        user = create_user(300, 'Vera', 'Volunteer', admin=rights == 'admin')
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


@every_route
@pytest.mark.parametrize('who', PEOPLE)
def test_who_may(db, person, url, objects, dummy_regform, method, path, who):
    rights, allowed = PEOPLE[who]
    response = ask(person(rights), method, url + path.format(**ids_of(objects, dummy_regform)))
    assert response.status_code in ({200, 302} if allowed else {403}), response.data
    assert OwnDesk.query.count() == (allowed and (method, path) == ('POST', '/{desk}/'))


@pytest.mark.parametrize(('method', 'path'), WALK_IN_ROUTES)
@pytest.mark.parametrize('who', [*PEOPLE, 'volunteer who may edit'])
def test_who_may_register(db, person, url, objects, dummy_regform, method, path, who):
    rights = {'registration_checkin', 'registration_edit'} if who.endswith('edit') else PEOPLE[who][0]
    allowed = {200, 302} if PEOPLE.get(who, (None, True))[1] and who != 'volunteer' else {403}
    if (method, path) == ('POST', '/walk-in/{form}/') and 403 not in allowed:
        # not what the form sends
        allowed = {400}
    ids = ids_of(objects, dummy_regform)
    before = Registration.query.count()
    assert ask(person(rights), method, url + path.format(**ids)).status_code in allowed
    assert Registration.query.count() == before
    is_checked_in = Registration.query.get(ids['registration']).checked_in
    assert is_checked_in == (path.endswith('check-in') and 403 not in allowed)


@pytest.mark.parametrize(('method', 'path'), [route for route in WALK_IN_ROUTES if '{form}' in route[1]])
def test_the_form_of_another_event(person, url, objects, dummy_regform, create_event, create_regform, method, path):
    other = create_event(78)
    set_feature_enabled(other, 'registration', True)
    ids = ids_of(objects, dummy_regform) | {'form': create_regform(other).id}
    browser = person({'registration_checkin', 'registration_edit'})
    assert ask(browser, method, url + path.format(**ids)).status_code == 404


@pytest.mark.parametrize(('method', 'path'), [route for route in DESK_ROUTES if '{desk}' in route[1]])
def test_the_desk_of_another_event(person, url, create_event, make_objects, method, path):
    other = create_event(78)
    set_feature_enabled(other, 'registration', True)
    theirs = make_objects(other)
    response = ask(person({'registration_checkin'}), method,
                   url + path.format(desk=theirs.desk.id, job=theirs.job.id))
    assert response.status_code == 404
    assert OwnDesk.query.count() == 0


@every_route
def test_a_form_without_the_token_of_the_session_does_nothing(person, url, objects, dummy_regform, method, path):
    if method == 'GET':
        return
    browser = person({'registration_checkin', 'registration_edit'})
    browser.token = 'another'
    assert browser.post(url + path.format(**ids_of(objects, dummy_regform))).status_code == 400
    assert OwnDesk.query.count() == 0
