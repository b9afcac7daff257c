"""The runbook, executed as a procedure: every command in its order, on a real mail server and with a real key."""

import re
import shlex
from pathlib import Path

import pytest

import indico_checkin_print
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState as C
from indico_checkin_print.models.states import SendState as M


RUNBOOK = (Path(indico_checkin_print.__file__).parents[1] / 'docs' / 'certificates-runbook.md').read_text()
PROGRAM = ['indico', 'checkin-print', 'certificates']
STEPS = dict(re.findall(r'^## ([^\n]+)\n(.*?)(?=^## |\Z)', RUNBOOK, re.MULTILINE | re.DOTALL))
PARTS = ['Goal', 'Preconditions', 'Command', 'Verify', 'Troubleshoot']


def commands(text):
    """Return the commands in the code of a text, as words."""
    lines = [line for block in re.findall(r'```sh\n(.*?)```', text, re.DOTALL) for line in block.splitlines()]
    found = [shlex.split(line) for line in lines]
    assert all(words[:3] == PROGRAM for words in found)
    return [words[3:] for words in found]


@pytest.mark.parametrize('step', STEPS)
def test_shape(step):
    assert re.findall(r'^\*\*(\w+)\*\*:', STEPS[step], re.MULTILINE) == PARTS
    assert commands(STEPS[step].partition('**Verify**')[2])


def test_procedure(run, db, dummy_event, create_reg, configure, key_files, mail_server, tmp_path):
    configure(CERTIFICATE_KEY=key_files[0], CERTIFICATE_PASSWORD_FILE=key_files[1])
    for name in ('Ada', 'Bob', 'Zoë'):
        create_reg(name, checked_in=True)
    create_reg('Not', 'There')
    output = {}
    for step, text in STEPS.items():
        for words in commands(text):
            certificate = Certificate.query.filter_by(first_name='Ada').first()
            here = {'42': dummy_event.id, 'preview': tmp_path, 'elsewhere': tmp_path / 'elsewhere',
                    'bounces.csv': tmp_path / 'bounces.csv',
                    **({'UUID': certificate.uuid, 'SERIAL': certificate.serial} if certificate else {})}
            if words[0] == 'bounces':
                here['bounces.csv'].write_text(f'message-id,status\n{certificate.message_id},bounced\n')
            # the first word is the name of a command
            code, output[step, *words] = run(words[0], *(here.get(word, word) for word in words[1:]))
            assert code == 0, (words, output[step, *words])
    sent = [to for to, __ in mail_server.got]
    # three to try, one for each of three, and one more after it came back and after a new name
    assert (sent.count('me@example.org'), sent.count('ada.müller@example.test')) == (3, 3)
    assert len(sent) == 8
    assert output['Revoke', *commands(STEPS['Revoke'])[1]] == '0 sent, 0 later, 0 failed.\n'
    assert {(one.name, one.state, one.send_state) for one in Certificate.query} == {
        ('Zoë Meyer', C.ready, M.sent), ('Bob Müller', C.ready, M.sent), ('Zoë Müller', C.ready, M.sent)}
    assert len(list(tmp_path.glob('*.html'))) == 3
