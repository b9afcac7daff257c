"""The commands about e-mails with certificates: what they show and change, and their exit codes."""

import json

from indico_checkin_print.models.states import CertificateState


def test_publish_and_send(run, db, dummy_event, create_certificate, create_file, tmp_path):
    certificate = create_certificate(state=CertificateState.ready, sha256='00', file_id=create_file().id)
    asked = ('--event', dummy_event.id, '--type', 'attendee')
    assert run('text', *asked, '--block', 'intro', 'Hello ${first_name}', '--block', 'closing', '${nobody}')[0] == 2
    assert json.loads(run('text', *asked, '--block', 'intro', 'Hello ${first_name}', '--json')[1])['body'][
        'intro'] == 'Hello ${first_name}'
    # nothing is published yet
    assert run('send', *asked) == (0, '0 sent, 0 later, 0 failed.\n')
    assert run('publish', *asked) == (0, '1 published.\n')
    assert run('send', *asked, '--dry-run', tmp_path, '--only', certificate.serial)[0] == 0
    assert 'Hello Zoë' in (tmp_path / f'{certificate.uuid}.txt').read_text()
    for wrong in (('--smoke', 'nobody'), ('--smoke', 'a@example.test', '--dry-run', tmp_path), ('--only', 'ABCDEFGH')):
        assert run('send', *asked, *wrong)[0] == 2
