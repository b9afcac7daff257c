"""People who open the event manager's pages, and an event with one object of each kind."""

import re
from types import SimpleNamespace

import pytest

from indico.modules.events.features.util import set_feature_enabled
from indico.modules.logs.models.entries import EventLogEntry
from indico.util.date_time import now_utc

from indico_checkin_print.credentials import digest, seal
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.kiosks import Kiosk
from indico_checkin_print.models.webhooks import Webhook


@pytest.fixture
def no_kick(mocker):
    """Keep Celery, which is eager in tests, from working in another thread."""
    mocker.patch('indico_checkin_print.kick.after_commit')
    mocker.patch('indico_checkin_print.kick.prepare_kicker.want')
    mocker.patch('indico_checkin_print.kick.send_kicker.want')
    mocker.patch('indico_checkin_print.kick.certificates_kicker.want')


@pytest.fixture
def browse(make_test_client):
    """Return a function that returns a `Browser` of a user, or of nobody."""
    def _browse(user=None):
        client = make_test_client()
        token = 'csrf-token-of-the-tests'
        with client.session_transaction() as session:
            if user is not None:
                session.set_session_user(user)
            session['_csrf_token'] = token
        return Browser(client, token)
    return _browse


class Browser:
    """Asks for pages as the scripts of Indico's pages do."""

    def __init__(self, client, token):
        self.client = client
        self.token = token

    def get(self, url, /, *, xhr=True, headers=()):
        return self.client.get(url, headers={**_headers(xhr), **dict(headers)})

    def post(self, url, /, *, xhr=True, **data):
        data = {key: value for key, value in data.items() if value is not None}
        return self.client.post(url, data={'csrf_token': self.token, **data}, headers=_headers(xhr))

    def save(self, url, /, **data):
        """Fill a dialog; return its errors by field, which are empty if it was saved."""
        response = self.post(url, **data)
        assert response.status_code == 200, response.data
        if response.json.get('success'):
            return {}
        return errors_of(response.json['html'])


def errors_of(html):
    errors = {}
    for group in html.split('id="form-group-')[1:]:
        if found := re.search(r'data-error="(.*?)"', group, re.DOTALL):
            errors[group.partition('"')[0]] = re.sub(r'<.*?>', '', found[1]).strip()
    return errors


def _headers(xhr):
    return {'X-Requested-With': 'XMLHttpRequest'} if xhr else {}


@pytest.fixture
def event(dummy_event, dummy_regform):
    set_feature_enabled(dummy_event, 'registration', True)
    return dummy_event


@pytest.fixture
def page(event):
    return f'/event/{event.id}/manage/checkin-print'


@pytest.fixture
def manager_user(create_user, event):
    """Manages the registrations of the event, and nothing else."""
    user = create_user(101, 'Mona', 'Manager')
    event.update_principal(user, add_permissions={'registration'})
    return user


@pytest.fixture
def manager(browse, manager_user):
    return browse(manager_user)


@pytest.fixture
def objects(make_objects, event):
    """One object of each kind in the event."""
    return make_objects(event)


@pytest.fixture
def make_objects(db):
    """Return a function that puts one object of each kind into an event."""
    def _make(event):
        agent = Agent(event=event, name='Laptop 1', token_hash=digest(f'token {event.id}'), paired_dt=now_utc(),
                      seen_dt=now_utc(), software='print-agent/1.2.3',
                      printers=[{'name': 'labels', 'state': 'idle', 'model': 'QL-1110'},
                                {'name': 'spare', 'state': 'stopped', 'reasons': ['media-empty-error']}])
        desk = Desk(event=event, name='North', printers=[DeskPrinter(position=0, agent=agent, printer='labels')])
        webhook = Webhook(event=event, name='CRM', url='https://crm.example.com/hook?key=in-the-url',
                          secrets=[seal('whsec_old')])
        job = Job(event=event, purpose=Job.PURPOSE_TEST, desk=desk, state=JobState.failed, reason='printer_failed',
                  expires_dt=now_utc())
        device = Device(event=event, token=f'personal:{2**31 - 1}', name='Phone 1')
        kiosk = Kiosk(device=Device(event=event, token=f'{Device.KIOSK}{event.id}', name='Entrance', desk=desk),
                      languages=['en_GB'], token_hash=digest(f'icpk_{event.id}'), paired_dt=now_utc(),
                      seen_dt=now_utc())
        db.session.add_all([agent, desk, webhook, job, device, kiosk])
        db.session.flush()
        return SimpleNamespace(agent=agent, desk=desk, webhook=webhook, job=job, device=device, kiosk=kiosk)
    return _make


@pytest.fixture
def log_of():
    """Return a function that returns all that the event's log says, as one text."""
    def _log_of(event):
        entries = EventLogEntry.query.filter_by(event_id=event.id, module='Check-in printing').all()
        return '\n'.join(f'{entry.summary} {entry.data}' for entry in entries)
    return _log_of


@pytest.fixture
def create_job(db, event, objects):
    def _create_job(registration=None, state=JobState.completed, **kwargs):
        job = Job(event=event, registration=registration, state=state,
                  **{'purpose': Job.PURPOSE_BADGE, 'desk': objects.desk, 'expires_dt': now_utc(), 'reason': 'printed',
                     'dispatched_dt': now_utc() if state == JobState.dispatched else None, **kwargs})
        db.session.add(job)
        db.session.flush()
        return job
    return _create_job


@pytest.fixture
def person(create_reg):
    """Return a function that makes a registration of a new person."""
    numbers = iter(range(1000))
    return lambda: create_reg('Ada', f'Person{next(numbers)}')


@pytest.fixture
def flashes(manager):
    """Return a function that returns what was flashed since the last call, as one text."""
    def _flashes():
        with manager.client.session_transaction() as session:
            return '\n'.join(str(message) for __, message in session.pop('_flashes', []))
    return _flashes


@pytest.fixture
def set_job(db):
    """Return a function that changes a job behind the ledger's back."""
    def _set(job, **values):
        if values.get('state') in {JobState.dispatched}:
            values['dispatched_dt'] = job.created_dt
        db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(**values))
        db.session.expire_all()
        return job
    return _set
