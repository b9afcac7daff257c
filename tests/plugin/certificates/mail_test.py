"""The e-mail with a certificate."""

import email
from email.policy import default as policy

from indico_checkin_print.certificates.mail import LOGO_CID, compose, new_message_id
from indico_checkin_print.certificates.states import C
from indico_checkin_print.certificates.urls import download_url, validation_url


def test_logo_inside(db, dummy_event, create_certificate, create_file):
    dummy_event.logo = b'a picture'
    dummy_event.logo_metadata = {'content_type': 'image/png', 'hash': 1, 'size': 9, 'filename': 'logo.png'}
    certificate = create_certificate(state=C.ready, sha256='00', file_id=create_file().id, full_name='Zoë <b>',
                                     locale='fr_FR')
    composed = compose(certificate)
    assert f'src="cid:{LOGO_CID}"' in composed.html
    assert ('lang="fr"' in composed.html, 'Zoë &lt;b&gt;' in composed.html) == (True, True)
    url = download_url(certificate.uuid)
    assert f'<a href="{url}" class="button"' in composed.html
    assert f' ({url})\n' in composed.text
    assert validation_url(certificate.serial) not in composed.text
    certificate.type.validated = True
    assert validation_url(certificate.serial) in compose(certificate).text
    raw = composed.message('zoe@example.test', new_message_id()).message().as_bytes()
    parts = email.message_from_bytes(raw, policy=policy).walk()
    assert [(part.get_content_type(), part['content-id']) for part in parts] == [
        ('multipart/mixed', None), ('multipart/alternative', None), ('text/plain', None), ('multipart/related', None),
        ('text/html', None), ('image/png', f'<{LOGO_CID}>'), ('application/pdf', None)]
