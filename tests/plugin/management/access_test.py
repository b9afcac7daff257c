"""Who may use the event manager's pages: every route, every kind of person."""

import pytest

from indico.modules.events.features.util import set_feature_enabled

from indico_checkin_print.blueprint import blueprint
from indico_checkin_print.management.urls import PREFIX
from indico_checkin_print.models.jobs import Job
from tests.plugin.routes import ROUTES, VOLUNTEER_ROUTES, ask, ids_of


pytestmark = pytest.mark.usefixtures('no_kick')

WITH_OBJECT = [(method, path) for method, path in ROUTES if '{' in path]
CHANGING = [(method, path) for method, path in ROUTES if method == 'POST']

every_route = pytest.mark.parametrize(('method', 'path'), ROUTES)


@pytest.fixture
def ids(objects, dummy_regform):
    return ids_of(objects, dummy_regform)


def facts(objects):
    return [(x.name, x.url, x.secrets, x.is_deleted, x.enabled) if x is objects.webhook else
            (x.name, x.code_hash, x.token_hash, x.revoked_dt) if x is objects.agent else
            (x.name, x.place, x.code_hash, x.token_hash, x.revoked_dt) if x is objects.kiosk else
            (x.name, x.is_deleted, x.paused)
            for x in (objects.desk, objects.agent, objects.webhook, objects.kiosk)]


def test_every_route_is_here(app):
    rules = {(method, rule.rule.removeprefix(PREFIX)) for rule in app.url_map.iter_rules()
             for method in rule.methods & {'GET', 'POST'} if rule.rule.startswith(PREFIX)}
    names = {'form': 'reg_form_id', 'desk': 'desk_id', 'agent': 'agent_id', 'webhook': 'webhook_id', 'job': 'job_id',
             'registration': 'registration_id', 'device': 'device_id', 'kiosk': 'kiosk_id', 'rule': 'rule_id',
             'batch': 'batch_id'}
    here = {(method, path.format(**{key: f'<int:{name}>' for key, name in names.items()})) for method, path in ROUTES}
    assert here == rules
    assert blueprint.name == 'plugin_checkin_print'


@every_route
def test_manager(manager, page, ids, method, path):
    response = ask(manager, method, page + path.format(**ids))
    assert response.status_code in {200, 302}, response.data


@pytest.mark.parametrize('who', ['nobody', 'stranger', 'checkin', 'other_manager'])
def test_refused(db, browse, create_user, create_event, event, page, objects, ids, who):
    """All routes in one test, because those who are refused change nothing."""
    user = None
    if who != 'nobody':
        user = create_user(200)
    if who == 'checkin':
        event.update_principal(user, add_permissions={'registration_checkin'})
    elif who == 'other_manager':
        create_event(77).update_principal(user, full_access=True)
    before, browser = facts(objects), browse(user)
    for method, path in ROUTES:
        response = ask(browser, method, page + path.format(**ids))
        allowed = who == 'checkin' and (method, path) in VOLUNTEER_ROUTES
        assert response.status_code == (200 if allowed else 403), (method, path)
        db.session.expire_all()
        assert facts(objects) == before, (method, path)
        assert Job.query.count() == 1, (method, path)


@pytest.mark.parametrize(('method', 'path'), WITH_OBJECT)
def test_objects_of_another_event(db, manager, create_event, create_regform, make_objects, page, method, path):
    """A manager of this event asks for objects of another one, through this event's pages."""
    other = create_event(77)
    set_feature_enabled(other, 'registration', True)
    theirs = make_objects(other)
    before = facts(theirs)
    response = ask(manager, method, page + path.format(**ids_of(theirs, create_regform(other))))
    assert response.status_code == 404
    db.session.expire_all()
    assert facts(theirs) == before
    assert Job.query.filter_by(event_id=other.id).count() == 1


@pytest.mark.parametrize(('method', 'path'), WITH_OBJECT)
def test_no_such_object(manager, page, method, path):
    missing = dict.fromkeys(['form', 'desk', 'agent', 'webhook', 'job', 'registration', 'device', 'kiosk', 'rule',
                             'batch'],
                            2**30)
    assert ask(manager, method, page + path.format(**missing)).status_code == 404


@pytest.mark.parametrize(('method', 'path'), CHANGING)
def test_csrf(db, manager, page, objects, ids, method, path):
    before = facts(objects)
    manager.token = 'wrong'
    assert ask(manager, method, page + path.format(**ids)).status_code == 400
    db.session.expire_all()
    assert facts(objects) == before


@every_route
def test_event_without_registration(manager, event, page, ids, method, path):
    set_feature_enabled(event, 'registration', False)
    assert ask(manager, method, page + path.format(**ids)).status_code == 404


@pytest.mark.parametrize(('method', 'path'), CHANGING)
def test_locked_event(db, manager, event, page, objects, ids, method, path):
    event.is_locked = True
    before = facts(objects)
    assert ask(manager, method, page + path.format(**ids)).status_code == 403
    db.session.expire_all()
    assert facts(objects) == before


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
