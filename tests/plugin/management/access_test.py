"""Who may use the event manager's pages: every route, every kind of person."""

import pytest

from indico.modules.events.features.util import set_feature_enabled

from indico_checkin_print.blueprint import blueprint
from indico_checkin_print.management.urls import PREFIX
from indico_checkin_print.models.jobs import Job
from tests.plugin.routes import CERTIFICATE_ROUTES, ROUTES, VOLUNTEER_ROUTES, ask, ask_all, ids_of


pytestmark = pytest.mark.usefixtures('no_kick')

WITH_OBJECT = [(method, path) for method, path in ROUTES if '{' in path]
CHANGING = [(method, path) for method, path in ROUTES if method == 'POST']


@pytest.fixture
def ids(objects, dummy_regform):
    return ids_of(objects, dummy_regform)


@pytest.fixture
def facts(objects):
    """Return a function that returns what somebody who is refused could have changed."""
    return facts_about(objects)


def facts_about(objects):
    def _facts():
        return [(x.name, x.url, x.secrets, x.is_deleted, x.enabled) if x is objects.webhook else
                (x.name, x.code_hash, x.token_hash, x.revoked_dt) if x is objects.agent else
                (x.name, x.place, x.code_hash, x.token_hash, x.revoked_dt) if x is objects.kiosk else
                (x.name, x.is_deleted, x.paused)
                for x in (objects.desk, objects.agent, objects.webhook, objects.kiosk)], Job.query.count()
    return _facts


def test_every_route_is_here(app):
    rules = {(method, rule.rule.removeprefix(PREFIX)) for rule in app.url_map.iter_rules()
             for method in rule.methods & {'GET', 'POST'} if rule.rule.startswith(PREFIX)}
    names = {'form': 'reg_form_id', 'desk': 'desk_id', 'agent': 'agent_id', 'webhook': 'webhook_id', 'job': 'job_id',
             'registration': 'registration_id', 'device': 'device_id', 'kiosk': 'kiosk_id', 'rule': 'rule_id',
             'batch': 'batch_id', 'printer': 'position', 'type': 'type_id', 'certificate': 'certificate_id',
             'key': 'key', 'request': 'request_id'}
    here = {(method, path.format(kind='<any(who,how):kind>', **{key: f'<int:{name}>' for key, name in names.items()}))
            for method, path in ROUTES + CERTIFICATE_ROUTES}
    assert here == rules
    assert blueprint.name == 'plugin_checkin_print'


@pytest.mark.parametrize(('method', 'path'), ROUTES)
def test_manager(manager, page, ids, method, path):
    response = ask(manager, method, page + path.format(**ids))
    assert response.status_code in {200, 302}, response.data


# those who are refused change nothing, so they ask for all routes in one test

@pytest.mark.parametrize('who', ['nobody', 'stranger', 'checkin', 'other_manager'])
def test_refused(browse, create_user, create_event, event, page, ids, facts, who):
    user = None
    if who != 'nobody':
        user = create_user(200)
    if who == 'checkin':
        event.update_principal(user, add_permissions={'registration_checkin'})
    elif who == 'other_manager':
        create_event(77).update_principal(user, full_access=True)
    allowed = VOLUNTEER_ROUTES if who == 'checkin' else set()
    assert ask_all(browse(user), page, ROUTES, ids, facts) == {
        route: 200 if route in allowed else 403 for route in ROUTES}


def test_objects_of_another_event(manager, create_event, create_regform, make_objects, page):
    """A manager of this event asks for objects of another one, through this event's pages."""
    other = create_event(77)
    set_feature_enabled(other, 'registration', True)
    theirs = make_objects(other)
    assert ask_all(manager, page, WITH_OBJECT, ids_of(theirs, create_regform(other)),
                   facts_about(theirs)) == dict.fromkeys(WITH_OBJECT, 404)


def test_no_such_object(manager, page, ids, facts):
    assert ask_all(manager, page, WITH_OBJECT, dict.fromkeys(ids, 2**30), facts) == dict.fromkeys(WITH_OBJECT, 404)


def test_csrf(manager, page, ids, facts):
    manager.token = 'wrong'
    assert ask_all(manager, page, CHANGING, ids, facts) == dict.fromkeys(CHANGING, 400)


def test_event_without_registration(manager, event, page, ids, facts):
    set_feature_enabled(event, 'registration', False)
    assert ask_all(manager, page, ROUTES, ids, facts) == dict.fromkeys(ROUTES, 404)


def test_locked_event(manager, event, page, ids, facts):
    event.is_locked = True
    assert ask_all(manager, page, CHANGING, ids, facts) == dict.fromkeys(CHANGING, 403)


def test_menu(app, browse, create_user, event, manager_user):
    from flask import session

    from indico_checkin_print.management.menu import get_menu_item
    with app.test_request_context():
        session.set_session_user(manager_user)
        assert get_menu_item(None, event).url.endswith('/manage/checkin-print/')
        set_feature_enabled(event, 'registration', False)
        assert get_menu_item(None, event) is None
        set_feature_enabled(event, 'registration', True)
        session.set_session_user(create_user(200))
        assert get_menu_item(None, event) is None
