"""An event that prints: a form with a badge template, a desk with a printer of a paired agent."""

import gc
from types import SimpleNamespace

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import g, session
from flask_babel import Domain

from indico.core.plugins import plugin_engine
from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print import settings
from indico_checkin_print.credentials import digest, seal
# the mappers need all tables
from indico_checkin_print.models import (calls, certificate_records, certificates, devices, equipment,  # noqa: F401
                                         heartbeats, jobs, kiosks, missed, name_requests, own_desks, records)
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.models.webhooks import Webhook


pytest_plugins = ('indico.modules.events.registration.testing.fixtures', 'tests.plugin.management_fixtures',
                  'tests.plugin.api_fixtures', 'tests.plugin.news_fixtures')

#: The size of the template in cm
WIDTH, HEIGHT = 9.6, 13.4
TOKEN = 'icpa_the-token-of-the-agent-in-the-tests'
SECRET = 'whsec_' + 'QUFB' * 8


def text_item(kind, y, **kwargs):
    """Return a text item of a designer template."""
    return {'type': kind, 'x': 20, 'y': y, 'width': 440, 'height': None, 'font_size': '20pt', 'font_family': 'serif',
            'text_align': 'center', 'bold': False, 'italic': False, 'color': '#000000', 'text': kind,
            'selected': False, 'id': 0, **kwargs}


@pytest.fixture(scope='session', autouse=True)
def frozen(app):
    """Keep Python's garbage collector from looking at all of Indico again and again, which is a tenth of all time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def configure(mocker):
    """Return a function that sets what ``indico.conf`` says about the plugin."""
    def _configure(**values):
        mocker.patch.object(settings, 'config', SimpleNamespace(**{
            f'PLUGIN_CHECKIN_PRINT_{name}': value for name, value in (settings.DEFAULTS | values).items()},
            BASE_URL='https://indico.example.com'))
    return _configure


@pytest.fixture
def translate(tmp_path, monkeypatch):
    """Return a function that translates texts of the plugin, by a dict with what they are in a language."""
    def _translate(locale, texts):
        catalog = Catalog(locale=locale)
        for text, translated in texts.items():
            catalog.add(text, translated)
        folder = tmp_path / locale / 'LC_MESSAGES'
        folder.mkdir(parents=True)
        with (folder / 'messages.mo').open('wb') as file:
            write_mo(file, catalog)
        plugin = plugin_engine.get_plugin('checkin_print')
        monkeypatch.setitem(plugin.__dict__, 'translation_domain', Domain(str(tmp_path)))
    return _translate


@pytest.fixture
def create_template(db, dummy_event):
    """Return a function that makes a badge template of the event."""
    def _create(title='Badge', *, backside=None, items=None):
        template = DesignerTemplate(
            type=TemplateType.badge, title=title, event=dummy_event, backside_template=backside,
            data={'width': round(WIDTH * 50), 'height': round(HEIGHT * 50), 'background_position': 'stretch',
                  'items': items if items is not None else [
                      text_item('full_name_b', 100),
                      {**text_item('ticket_qr_code', 300), 'width': 150, 'height': 150}]})
        db.session.add(template)
        db.session.flush()
        return template
    return _create


@pytest.fixture
def template(create_template):
    return create_template()


@pytest.fixture
def agent(db, dummy_event):
    """A paired agent with one idle printer, heard of just now."""
    agent = Agent(event_id=dummy_event.id, name='Laptop 1', token_hash=digest(TOKEN), paired_dt=now_utc(),
                  seen_dt=now_utc(), link='link', spool='spool',
                  printers=[{'name': 'p1', 'state': 'idle', 'reasons': [], 'accepting': True}])
    db.session.add(agent)
    db.session.flush()
    return agent


@pytest.fixture
def desk(db, dummy_event, agent):
    desk = Desk(event_id=dummy_event.id, name='Desk 1')
    desk.printers.append(DeskPrinter(position=0, agent=agent, printer='p1'))
    db.session.add(desk)
    db.session.flush()
    return desk


@pytest.fixture
def form(db, dummy_regform, template, desk):
    """The dummy registration form, printing badges."""
    setup = FormSetup(registration_form=dummy_regform, enabled=True, kind=BadgeKind.badge, template=template)
    db.session.add(setup)
    db.session.flush()
    return setup


@pytest.fixture
def webhook(db, dummy_event):
    webhook = Webhook(event_id=dummy_event.id, name='CRM', url='https://198.51.100.7/hook', secrets=[seal(SECRET)],
                      send_badge=False, fields=['full_name', 'email', 'tags'])
    db.session.add(webhook)
    db.session.flush()
    return webhook


@pytest.fixture
def webhook_desk(db, desk, webhook):
    """The desk, when a webhook takes its badges."""
    desk.webhook = webhook
    webhook.send_badge, webhook.fields = True, []
    db.session.flush()
    return desk


@pytest.fixture
def create_reg(db, dummy_regform):
    """Return a function that makes a registration that is not checked in yet."""
    def _create(first_name='Zoë', last_name='Müller', **kwargs):
        with db.session.no_autoflush:
            registration = Registration(
                registration_form=dummy_regform, first_name=first_name, last_name=last_name, currency='EUR',
                email=f'{first_name}.{last_name}@example.test'.lower(),
                **{'state': RegistrationState.complete, 'checked_in': False, **kwargs})
        db.session.add(registration)
        db.session.flush()
        return registration
    return _create


@pytest.fixture
def reg(create_reg):
    return create_reg()


@pytest.fixture
def check_in(app, db, form):
    """Return a function that does what Indico does when somebody is scanned, and returns their jobs."""
    from indico.core import signals

    def _check_in(*registrations, user=None, token=None, value=True, path='/api/checkin/event/{0.event_id}/forms/'
                                                   '{0.registration_form_id}/registrations/{0.id}', method='PATCH'):
        db.session.flush()
        with app.test_request_context(path.format(registrations[0]), method=method):
            g.authlib_server_oauth2_token = token
            if user is not None:
                session.set_session_user(user)
            for registration in registrations:
                registration.checked_in = value
                signals.event.registration_checkin_updated.send(registration)
        db.session.flush()
        db.session.expire_all()
        return (Job.query.filter(Job.registration_id.in_([r.id for r in registrations]))
                .order_by(Job.queue_dt, Job.id).all())
    return _check_in


@pytest.fixture
def ready_job(check_in, reg, db):
    """A job whose badge is rendered."""
    from indico_checkin_print.work.worker import render_waiting
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready
    return job


@pytest.fixture
def statements(mocker):
    """Every SQL statement that goes to PostgreSQL from now on, also those past SQLAlchemy; clear it as you like."""
    from sqlalchemy.pool.base import _ConnectionFairy
    sent = []
    cursor = _ConnectionFairy.cursor

    class Noting:
        """A cursor that notes what it sends."""

        def __init__(self, cursor):
            self._cursor = cursor

        def execute(self, statement, *args):
            sent.append(statement)
            return self._cursor.execute(statement, *args)

        def callproc(self, name, *args):
            sent.append(f'SELECT {name}')
            return self._cursor.callproc(name, *args)

        def __getattr__(self, name):
            return getattr(self._cursor, name)

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            self._cursor.close()

        def __iter__(self):
            return iter(self._cursor)

    mocker.patch.object(_ConnectionFairy, 'cursor', lambda self, *args, **kwargs: Noting(cursor(self, *args, **kwargs)))
    return sent


def announce(app, signal, *args, **kwargs):
    """Send a signal of Indico as its pages do, in a request."""
    with app.test_request_context():
        signal.send(*args, **kwargs)


def fresh(db, job):
    db.session.expire_all()
    return Job.query.get(job.id)
