"""Who may use the pages about certificates: every route, every kind of person, and one whose registration is hidden."""

import pytest

from indico.modules.events.features.util import set_feature_enabled

from indico_checkin_print.certificates.types import HowRule
from indico_checkin_print.management import urls
from indico_checkin_print.management.certificates.base import RHCertificateBase
from indico_checkin_print.management.certificates.rules import key_of
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.routing.rules import FormIs, dump
from tests.plugin.routes import CERTIFICATE_ROUTES, ask, ask_all


pytestmark = pytest.mark.usefixtures('no_kick')

#: Indico lets few people edit document templates
OTHERS = {'/certificates/types/{type}/copy-template': 403}
WITH_OBJECT = [(method, path) for method, path in CERTIFICATE_ROUTES if '{' in path]
CHANGING = [(method, path) for method, path in CERTIFICATE_ROUTES if method == 'POST']


@pytest.fixture
def ids(db, attendee, people, create_certificate, dummy_regform):
    rule = HowRule((FormIs((dummy_regform.id,)),), 'remotely')
    attendee.how_rules = dump([rule])
    db.session.flush()
    return {'type': attendee.id, 'kind': 'how', 'key': key_of(rule),
            'certificate': create_certificate(people[1], pdf=b'%PDF').id}


def facts():
    types = [(type_.title, type_.enabled, type_.template_id) for type_ in
             CertificateType.query.filter_by(name='attendee').order_by(CertificateType.id)]
    return types, [(one.state, one.published_dt, one.correction) for one in Certificate.query.order_by(Certificate.id)]


def test_manager(manager, page, ids):
    for method, path in CERTIFICATE_ROUTES:
        # these do something with the rule
        key = {} if '{key}' not in path else {'key': ids['key']}
        response = ask(manager, method, page + path.format(**ids | key))
        assert response.status_code in {200, 302, OTHERS.get(path)}, (method, path, response.data[:2000])


@pytest.mark.parametrize('who', ['nobody', 'stranger', 'checkin', 'other_manager'])
def test_refused(browse, create_user, create_event, event, page, ids, who):
    user = None if who == 'nobody' else create_user(200)
    if who == 'checkin':
        event.update_principal(user, add_permissions={'registration_checkin'})
    elif who == 'other_manager':
        create_event(77).update_principal(user, full_access=True)
    assert set(ask_all(browse(user), page, CERTIFICATE_ROUTES, ids, facts).values()) == {403}


def test_objects_of_another_event(manager, browse, manager_user, create_event, ids, event):
    other = create_event(77)
    set_feature_enabled(other, 'registration', True)
    other.update_principal(manager_user, add_permissions={'registration'})
    theirs = f'/event/{other.id}/manage/checkin-print'
    assert set(ask_all(manager, theirs, WITH_OBJECT, ids, facts).values()) == {404}


def test_no_such_object(manager, page, ids):
    nothing = ids | {'type': 2**30, 'certificate': 2**30}
    assert set(ask_all(manager, page, WITH_OBJECT, nothing, facts).values()) == {404}


def test_csrf_and_locks(manager, event, page, ids):
    event.is_locked = True
    assert set(ask_all(manager, page, CHANGING, ids, facts).values()) == {403}
    event.is_locked = False
    manager.token = 'wrong'
    assert set(ask_all(manager, page, CHANGING, ids, facts).values()) == {400}


def test_a_hidden_person(manager, page, ids, hide):
    for method, path in CERTIFICATE_ROUTES:
        response = ask(manager, method, page + path.format(**ids))
        if '{certificate}' in path or path.endswith(('/generate', '/send', '/stop')):
            assert response.status_code == 403, path
        else:
            assert 'Hildegard' not in response.get_data(as_text=True), path


def test_every_handler_of_one_certificate_asks(app):
    handlers = {getattr(urls, app.view_functions[rule.endpoint].__name__) for rule in app.url_map.iter_rules()
                if rule.rule.startswith(urls.PREFIX) and 'certificate_id' in rule.arguments}
    assert len(handlers) >= 4
    assert {rh for rh in handlers if not issubclass(rh, RHCertificateBase)} == set()
