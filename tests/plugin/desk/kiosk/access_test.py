"""What the token of a kiosk opens: the seven URLs of kiosks, and nothing else of the whole URL map."""

import pytest

from indico_checkin_print.credentials import digest
from indico_checkin_print.desk.kiosk.base import COOKIE, HEADER
from indico_checkin_print.desk.urls import PREFIX as DESK_PREFIX
from indico_checkin_print.management.urls import PREFIX as MANAGEMENT_PREFIX
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.jobs import Job
from tests.plugin.routes import DESK_ROUTES, KIOSK_ROUTES, OTHER_ROUTES, PUBLIC_ROUTES, ROUTES, WALK_IN_ROUTES, ids_of


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_limits')

ACTIONS = sorted(path for method, path in KIOSK_ROUTES if method == 'POST' and path != '/kiosk/pair')
PEOPLE = {'nobody': None, 'stranger': set(), 'volunteer': {'registration_checkin'},
          'manager of registrations': {'registration'}, 'manager': 'full_access', 'administrator': 'admin'}


@pytest.fixture
def token(event, objects):
    return f'icpk_{event.id}'


@pytest.fixture
def client(browse, token):
    """A browser with the cookie of a kiosk, which it sends to every URL: no browser would, but a thief could."""
    client = browse().client
    client.set_cookie(COOKIE, token, path='/')
    return client


def test_the_token_is_good(client):
    assert client.post('/kiosk/alive', json={}, headers={HEADER: '1'}).status_code == 200


@pytest.mark.parametrize('how', ['cookie', 'bearer'])
def test_no_other_route_takes_it(client, token, event, objects, dummy_regform, how):
    """All routes in one test, because a token that is refused changes nothing."""
    ids = ids_of(objects, dummy_regform)
    headers = {HEADER: '1', 'X-Requested-With': 'XMLHttpRequest'}
    if how == 'bearer':
        client.delete_cookie(COOKIE, path='/')
        headers['Authorization'] = f'Bearer {token}'
    calls, jobs = TechCall.query.count(), Job.query.count()
    for method, path in [*((method, MANAGEMENT_PREFIX + path) for method, path in ROUTES),
                         *((method, DESK_PREFIX + path) for method, path in DESK_ROUTES + WALK_IN_ROUTES),
                         *sorted(OTHER_ROUTES - KIOSK_ROUTES - PUBLIC_ROUTES)]:
        for pattern, value in {'<int:event_id>': event.id, '<int:desk_id>': ids['desk'], '<int:job_id>': ids['job'],
                               '<uuid:job>': '9f0e1c7e-6ad5-4b4e-9a53-2f1b8c0b7d11', '<int:dispatch>': 1,
                               '<int:registration_id>': ids['registration'], '<int:reg_form_id>': ids['form'],
                               '<uuid:uuid>': '9f0e1c7e-6ad5-4b4e-9a53-2f1b8c0b7d11'}.items():
            path = path.replace(pattern, str(value))
        response = client.open(path.format(**ids), method=method, headers=headers,
                               **({'json': {}} if method == 'POST' else {}))
        assert response.status_code in {400, 401, 403, 404}, (method, path, response.data)
        # what pairs an agent and what receives outcomes read no token: they refuse what was sent
        assert response.status_code != 400 or '/pair' in path or '/outcome/' in path or method == 'POST', path
        assert (TechCall.query.count(), Job.query.count()) == (calls, jobs), (method, path)


@pytest.mark.parametrize('who', PEOPLE)
def test_nobody_else_may_what_a_kiosk_may(browse, create_user, event, objects, who):
    rights, user = PEOPLE[who], None
    if rights is not None:
        user = create_user(300, admin=rights == 'admin')
        if rights == 'full_access':
            event.update_principal(user, full_access=True)
        elif rights and rights != 'admin':
            event.update_principal(user, add_permissions=rights)
    client = browse(user).client
    for path in ACTIONS:
        response = client.post(path, json={}, headers={HEADER: '1'})
        assert (response.status_code, response.json['error']) == (401, 'not_paired'), path
    assert 'Pair this kiosk' in client.get('/kiosk/').get_data(as_text=True)


@pytest.mark.parametrize('token', ['', 'x', 'icpk_', 'icpk_wrong', 'icpk_' + 'x' * 3000, 'icpa_the-token'])
def test_wrong_tokens(browse, objects, token):
    objects.agent.token_hash = digest('icpa_the-token')
    client = browse().client
    client.set_cookie(COOKIE, token, path='/')
    for path in ACTIONS:
        assert client.post(path, json={}, headers={HEADER: '1'}).status_code == 401, path


@pytest.mark.parametrize('headers', [
    {}, {HEADER: '1', 'Sec-Fetch-Site': 'cross-site'}, {HEADER: '1', 'Sec-Fetch-Site': 'same-site'},
    {HEADER: '1', 'Origin': 'https://evil.example'}, {HEADER: '1', 'Origin': 'null'}])
def test_other_sites(client, headers):
    for path in (*ACTIONS, '/kiosk/pair'):
        response = client.post(path, json={}, headers=headers)
        assert (response.status_code, response.json['error']) == (403, 'other_site'), path


def test_only_posts(client):
    for path in (*ACTIONS, '/kiosk/pair'):
        assert client.get(path).status_code == 405, path


def test_headers_against_caches_and_frames(client):
    """Nothing is kept by browsers and nothing stands in a frame."""
    for response in (client.get('/kiosk/'), client.post('/kiosk/alive', json={}, headers={HEADER: '1'})):
        assert response.headers['Cache-Control'] == 'no-store'
        assert response.headers['X-Frame-Options'] == 'DENY'
        assert "default-src 'none'" in response.headers['Content-Security-Policy']
        assert 'Set-Cookie' not in response.headers


def test_the_page_has_no_link(client):
    html = client.get('/kiosk/').get_data(as_text=True)
    assert '<a ' not in html
    assert 'csrf' not in html
