"""The command line of certificates: what it shows and changes, and its exit codes."""

import json

from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.certificates.cli import certificates
from indico_checkin_print.cli import cli
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState


def test_commands_have_an_application():
    """These tests give one to every command; on a server the group does."""
    assert type(certificates) is type(cli)


def test_types(run, db, dummy_event, dummy_regform):
    code, output = run('types', '--event', dummy_event.id)
    assert code == 0
    assert [line.split('|')[1].strip() for line in output.splitlines()[3:-1]] == ['attendee', 'masterclass', 'speaker',
                                                                                 'volunteer']
    tag = RegistrationTag(event=dummy_event, title='Helpers', color='red')
    db.session.add(tag)
    db.session.flush()
    code, output = run('types', '--event', dummy_event.id, '--on', 'volunteer', '--unsigned', 'volunteer', '--for-tag',
                       'volunteer', tag.id, '--for-form', 'volunteer', dummy_regform.id, '--json')
    assert [(x['on'], x['signed'], x['groups']) for x in json.loads(output) if x['name'] == 'volunteer'] == [
        (True, False, 2)]
    # all changes are made or none
    code, output = run('types', '--event', dummy_event.id, '--off', 'volunteer', '--for-tag', 'volunteer', 2**30)
    assert (code, CertificateType.query.filter_by(enabled=True).count()) == (2, 1)
    assert f'has no tag {2**30}' in output
    assert 'There is: attendee, masterclass, speaker, volunteer.' in run(
        'types', '--event', dummy_event.id, '--on', 'guest')[1]


def test_preview(run, dummy_event, create_reg, attendee):
    zoe, absent = create_reg(checked_in=True), create_reg('Not', 'There')
    code, output = run('preview', '--event', dummy_event.id, '--type', 'attendee')
    assert code == 0
    assert f'OK    registration:{zoe.id}  Zoë Müller  {zoe.email}' in output
    assert f'SKIP  registration:{absent.id}  Not There  Not checked in' in output
    assert output.endswith('1 recipients, 1 skipped: 1 not_checked_in.\n')
    found = json.loads(run('preview', '--event', dummy_event.id, '--type', 'attendee', '--json')[1])
    assert [x['registration_id'] for x in found['recipients']] == [zoe.id]
    assert [(x['reason'], x['words']) for x in found['skipped']] == [('not_checked_in', 'Not checked in')]


def test_what_is_asked_wrongly_names_what_exists(run, dummy_event, attendee):
    code, output = run('preview', '--type', 'attendee')
    assert (code, f'Events with certificates: {dummy_event.id} ({dummy_event.title}).' in output) == (2, True)
    code, output = run('preview', '--event', dummy_event.id, '--type', 'guest')
    assert (code, "'guest' is no type of certificate that is on for this event. There is: attendee." in output) == (
        2, True)
    assert run('preview', '--event', 2**30, '--type', 'attendee')[0] == 2


def test_generate(run, db, dummy_event, attendee, create_reg, configure):
    configure()
    create_reg(checked_in=True)
    code, output = run('generate', '--event', dummy_event.id, '--type', 'attendee')
    assert code == 0, output
    assert 'PDFs of this type are NOT SIGNED.' in output
    assert output.endswith('1 certificates: 1 ready, 0 waiting, 0 failed, 0 revoked.\n')
    found = json.loads(run('generate', '--event', dummy_event.id, '--type', 'attendee', '--json')[1])
    assert (found['planned']['unchanged'], found['made'], found['progress']['ready']) == (1, 0, 1)
    attendee.signed = True
    db.session.flush()
    code, output = run('generate', '--event', dummy_event.id, '--type', 'attendee')
    assert (code, 'Error: PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY is not set' in output) == (1, True)
    # nothing was begun
    assert Certificate.query.filter_by(state=CertificateState.ready).count() == 1
