"""A type of certificate of the dummy event, and certificates of it."""

from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from indico.util.date_time import now_utc

from indico_checkin_print.certificates.identity import identify
from indico_checkin_print.cli import cli
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState
from indico_checkin_print.sql import now
from tests.fakes.keys import Authority, new_key, write_key
from tests.fakes.mail_server import MailServer


#: Before the transaction of a test
LONG_AGO = now_utc() - timedelta(hours=1)


@pytest.fixture
def create_type(db, dummy_event):
    """Return a function that makes a type of certificate of the event."""
    def _create(name='attendee', **kwargs):
        type_ = CertificateType(event_id=dummy_event.id, name=name, **{'title': name.title(), 'enabled': True,
                                                                       'signed': False, **kwargs})
        db.session.add(type_)
        db.session.flush()
        return type_
    return _create


@pytest.fixture
def attendee(create_type):
    return create_type()


@pytest.fixture
def create_certificate(db, attendee):
    """Return a function that enters a certificate, as if its type had been planned."""
    def _create(key='registration:1', **kwargs):
        uuid, serial = identify(b'test', attendee.event_id, attendee.name, key)
        certificate = Certificate(uuid=str(uuid), serial=serial[:8], event_id=attendee.event_id, type=attendee,
                                  subject_key=key, **{'first_name': 'Zoë', 'full_name': 'Zoë Müller', 'locale': 'en_GB',
                                                      'email': 'zoe@example.test', 'input_hash': 'one',
                                                      'state': CertificateState.queued, 'next_try_dt': LONG_AGO,
                                                      **kwargs})
        db.session.add(certificate)
        db.session.flush()
        return certificate
    return _create


@pytest.fixture
def create_file(db):
    """Return a function that stores a PDF and returns its `File`."""
    from indico.modules.files.models.files import File

    def _create(content=b'%PDF-1.7'):
        file = File.create_from_stream(content, 'certificate.pdf', 'application/pdf', ('test',))
        file.claim()
        db.session.flush()
        return file
    return _create


@pytest.fixture(scope='session')
def authority():
    """A certificate authority, for keys that sign."""
    return Authority()


@pytest.fixture(scope='session')
def key_files(tmp_path_factory, authority):
    """The files of a key that can sign, and of its password."""
    key = new_key()
    return write_key(tmp_path_factory.mktemp('keys'), key, authority.issue('Committee', key), authority)


@pytest.fixture
def run(app, db):
    """Return a function that runs ``indico checkin-print certificates`` and returns its exit code and output."""
    def _run(*args):
        result = CliRunner().invoke(cli, ['certificates', *map(str, args)])
        db.session.expire_all()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output
    return _run


@pytest.fixture
def mail_server(app, disallow_emails):
    """A real mail server, which Indico uses."""
    server = MailServer()
    controller = Controller(server, hostname='127.0.0.1', port=server.port)
    controller.start()
    disallow_emails.add(('127.0.0.1', server.port))
    names = {'EMAIL_BACKEND': 'indico.vendor.django_mail.backends.smtp.EmailBackend', 'EMAIL_HOST': '127.0.0.1',
             'EMAIL_PORT': server.port, 'EMAIL_USE_TLS': False, 'EMAIL_USE_SSL': False}
    before = {name: app.config[name] for name in names}
    app.config.update(names)
    yield server
    app.config.update(before)
    controller.stop()


@pytest.fixture
def published(create_certificate, create_file, db):
    """Return a function that makes a certificate with a PDF that everybody may see."""
    def _create(key='registration:1', **kwargs):
        certificate = create_certificate(key, state=CertificateState.ready, sha256='00', file_id=create_file().id,
                                         **kwargs)
        certificate.published_dt = now()
        db.session.flush()
        return certificate
    return _create
