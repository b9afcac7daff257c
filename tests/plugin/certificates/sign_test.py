"""Signatures: valid for pyHanko and for pdfsig, broken by one byte; what is wrong with a key is said in words."""

import os
import re
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from weasyprint import HTML

from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.errors import CannotSign
from tests.fakes.keys import new_key, timestamp_server, write_key
from tests.fakes.signatures import judge, pdfsig


@pytest.fixture(scope='module')
def pdf():
    return HTML(string='<p>Zoë Müller</p>').write_pdf(pdf_variant='pdf/a-2b')


@pytest.mark.parametrize('kind', ['ec', 'rsa'])
def test_valid_for_others(configure, authority, tmp_path, pdf, kind):
    key = new_key(kind)
    key_file, password_file = write_key(tmp_path, key, authority.issue('Committee', key), authority)
    configure(CERTIFICATE_KEY=key_file, CERTIFICATE_PASSWORD_FILE=password_file,
              CERTIFICATE_SIGNATURE={'contact': 'chair@example.test', 'location': 'Geneva', 'reason': 'Attendance'})
    signature = load_signature()
    assert signature.signer is load_signature().signer
    signed = signature.sign(pdf)
    status = judge(signed, authority)
    assert status.bottom_line
    assert status.docmdp_ok
    assert status.coverage.name == 'ENTIRE_FILE'
    embedded, = PdfFileReader(BytesIO(signed)).embedded_signatures
    assert embedded.docmdp_level == MDPPerm.NO_CHANGES
    assert embedded.sig_object['/SubFilter'] == '/ETSI.CAdES.detached'
    assert [embedded.sig_object[f'/{name}'] for name in ('ContactInfo', 'Location', 'Reason')] == [
        'chair@example.test', 'Geneva', 'Attendance']
    assert embedded.signer_cert.sha256.hex() == signature.fingerprint
    words = pdfsig(signed, tmp_path)
    assert 'Signature Validation: Signature is Valid.' in words
    assert 'Total document signed' in words
    # signed bytes differ each time, so they are never compared
    assert signature.sign(pdf) != signed
    # one byte inside of what is signed
    changed = bytearray(signed)
    changed[20] ^= 1
    assert not judge(bytes(changed), authority).intact
    assert 'Signature is Valid' not in pdfsig(bytes(changed), tmp_path)


def test_with_a_timestamp(configure, authority, key_files, pdf):
    with timestamp_server(authority) as url:
        configure(CERTIFICATE_KEY=key_files[0], CERTIFICATE_PASSWORD_FILE=key_files[1], CERTIFICATE_TIMESTAMP_URL=url)
        signature = load_signature()
        status = judge(signature.sign(pdf), authority)
    assert status.bottom_line
    assert status.timestamp_validity.valid
    # nothing is signed without it then
    with pytest.raises(CannotSign, match='The timestamp server does not answer'):
        signature.sign(pdf)


def test_what_is_wrong_is_said(configure, authority, tmp_path):
    key = new_key()

    def refuse(match, key_file, password_file):
        configure(CERTIFICATE_KEY=key_file, CERTIFICATE_PASSWORD_FILE=password_file)
        with pytest.raises(CannotSign, match=match):
            load_signature()

    good = write_key(tmp_path, key, authority.issue('Committee', key), authority)
    refuse('CERTIFICATE_KEY is not set', None, None)
    refuse('must be the absolute path', good[0], None)
    refuse(r'nowhere\.p12 cannot be read: No such file', str(tmp_path / 'nowhere.p12'), good[1])
    refuse(r'nowhere cannot be read: No such file', good[0], str(tmp_path / 'nowhere'))
    refuse('does not open', *write_key(tmp_path, key, authority.issue('x', key), authority, password='x', name='wrong'))
    refuse('does not open', good[1], good[1])
    refuse('ended on', *write_key(tmp_path, key, authority.issue('x', key, -1), authority, name='old'))
    refuse('is valid only from', *write_key(tmp_path, key, authority.issue('x', key, begins_in=9), authority,
                                            name='new'))
    short = new_key('rsa', 1024)
    refuse('has 1024 bits', *write_key(tmp_path, short, authority.issue('x', short), authority, name='short'))


def test_another_key_in_its_place(configure, authority, tmp_path, pdf):
    """What was signed before stays valid, and new ones have the new key."""
    first, second = new_key(), new_key()
    files = write_key(tmp_path, first, authority.issue('First', first), authority)
    configure(CERTIFICATE_KEY=files[0], CERTIFICATE_PASSWORD_FILE=files[1])
    old = load_signature()
    signed = old.sign(pdf)
    write_key(tmp_path, second, authority.issue('Second', second), authority)
    os.utime(files[0], ns=(1, 1))
    new = load_signature()
    assert (old.subject, new.subject) == ('CN=First', 'CN=Second')
    assert judge(new.sign(pdf), authority).bottom_line
    assert judge(signed, authority).bottom_line


def test_no_secret_is_shown(configure, authority, key_files):
    configure(CERTIFICATE_KEY=key_files[0], CERTIFICATE_PASSWORD_FILE=key_files[1])
    assert not re.search('password of the tests|PRIVATE', repr(load_signature()))
