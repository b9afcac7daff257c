"""Lists of e-mails that came back."""

import json

import pytest

from indico_checkin_print.certificates import bounces
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.errors import CannotSend


@pytest.mark.parametrize('content', [b'\xff\xfe', b'message-id\n<1@x>\n', b'message-id,status\n<1@x>,maybe\n',
                                     b'message-id,status\n,bounced\n', b'message-id,status\n"<1@x>"x,bounced\n'])
def test_what_cannot_be_understood(content):
    with pytest.raises(CannotSend):
        bounces.read(content)


def test_entered(run, db, dummy_event, create_certificate, tmp_path):
    back, there = (create_certificate(f'registration:{n}', state=C.ready, sha256='00', send_state=M.sent,
                                      message_id=f'<{n}@x>') for n in (1, 2))
    path = tmp_path / 'list.csv'
    path.write_text('\ufeffmessage-id,status\n<1@x>,Bounced\n2@x,delivered\n3@x,bounced\n')
    code, output = run('bounces', '--event', dummy_event.id, path, '--json')
    assert (code, json.loads(output)) == (0, {'bounced': 1, 'unknown': ['<3@x>']})
    assert (back.send_state, back.send_reason, there.send_state) == (M.failed, R.bounced, M.sent)
    # a list may be read again
    assert json.loads(run('bounces', '--event', dummy_event.id, path, '--json')[1])['bounced'] == 0
    path.write_text('nothing\n1\n')
    assert run('bounces', '--event', dummy_event.id, path)[0] == 1
