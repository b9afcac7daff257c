"""An event with types of certificates, three people who were there and one who was not."""

from itertools import count

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.files.models.files import File
from indico.util.date_time import now_utc

from indico_checkin_print.certificates.identity import ALPHABET
from indico_checkin_print.certificates.presets import ensure_types
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState


@pytest.fixture
def types(event):
    """The types of the event by their names; that of attendees is on, and not signed."""
    types = {type_.name: type_ for type_ in ensure_types(event)}
    types['attendee'].enabled, types['attendee'].signed = True, False
    return types


@pytest.fixture
def attendee(types):
    return types['attendee']


@pytest.fixture
def here(page):
    return f'{page}/certificates'


@pytest.fixture
def people(create_reg):
    """Two who were there and one who was not."""
    return [create_reg('Viktor', 'Visible', checked_in=True), create_reg('Hildegard', 'Hidden', checked_in=True),
            create_reg('Absent', 'Person')]


@pytest.fixture
def hide(dummy_regform):
    """Let the manager see Viktor only."""
    def _only_viktor(regform, user, **kwargs):
        return Registration.first_name == 'Viktor'

    with signals.event.filter_registration_list.connected_to(_only_viktor, sender=dummy_regform):
        yield


@pytest.fixture
def create_certificate(db, attendee):
    """Return a function that makes a certificate; with ``pdf`` it has been made."""
    numbers = count(1)

    def _create(registration=None, state=CertificateState.queued, *, pdf=None, **kwargs):
        number = next(numbers)
        values = {'first_name': 'Ada', 'full_name': f'Ada Person{number}', 'email': 'ada@example.test'}
        if registration is not None:
            values = {'first_name': registration.first_name, 'full_name': registration.full_name,
                      'email': registration.email, 'registration': registration}
        if pdf is not None:
            file = File.create_from_stream(pdf, 'certificate.pdf', 'application/pdf', ('test',))
            file.claim()
            state = CertificateState.ready if state == CertificateState.queued else state
            values |= {'file': file, 'sha256': f'{number:064}', 'made_dt': now_utc(), 'issued_dt': now_utc()}
        if state == CertificateState.revoked:
            values |= {'revoked_dt': now_utc(), 'sha256': f'{number:064}'}
        values = {'type': attendee, **values, **kwargs}
        certificate = Certificate(uuid=f'00000000-0000-0000-0000-{number:012}', event_id=attendee.event_id,
                                  serial='AAAAAA' + ALPHABET[number // 32] + ALPHABET[number % 32],
                                  subject_key=f'registration:{number}', locale='en_GB', input_hash='one', state=state,
                                  **values)
        db.session.add(certificate)
        db.session.flush()
        return certificate
    return _create
