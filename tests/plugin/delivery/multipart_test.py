"""The body of a webhook that carries a badge, read back by parsers that are not ours."""

import io
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

from indico_checkin_print.delivery.multipart import encode


PAYLOAD = '{"type":"badge","data":{"name":"Zoë 王"}}'.encode()
PDF = b'%PDF-1.4\r\n--x\r\n\x00\xff\r\n%%EOF\r\n'


def _read(content_type, body):
    _stream, form, files = parse_form_data({
        'wsgi.input': io.BytesIO(body), 'CONTENT_TYPE': content_type, 'CONTENT_LENGTH': str(len(body)),
        'REQUEST_METHOD': 'POST',
    })
    return form, files


def test_exact_bytes():
    content_type, body = encode(b'{}', b'%PDF', 'badge-1.pdf')
    boundary = content_type.removeprefix('multipart/form-data; boundary=').encode()
    assert body == (
        b'--%(b)b\r\n'
        b'Content-Disposition: form-data; name="payload"\r\n'
        b'Content-Type: application/json\r\n'
        b'\r\n'
        b'{}\r\n'
        b'--%(b)b\r\n'
        b'Content-Disposition: form-data; name="document"; filename="badge-1.pdf"\r\n'
        b'Content-Type: application/pdf\r\n'
        b'\r\n'
        b'%%PDF\r\n'
        b'--%(b)b--\r\n' % {b'b': boundary})
    # RFC 2046, 5.1.1
    assert len(boundary) <= 70


@given(payload=st.binary(max_size=200).map(lambda data: data.hex().encode()), document=st.binary())
@example(payload=PAYLOAD, document=PDF)
def test_there_and_back(payload, document):
    content_type, body = encode(payload, document, 'badge.pdf')
    form, files = _read(content_type, body)
    assert form['payload'].encode() == payload
    assert list(form) == ['payload']
    assert files['document'].read() == document
    assert (files['document'].filename, files['document'].content_type) == ('badge.pdf', 'application/pdf')


def test_with_the_parser_for_mails():
    content_type, body = encode(PAYLOAD, PDF, 'badge.pdf')
    message = BytesParser(policy=HTTP).parsebytes(b'Content-Type: ' + content_type.encode() + b'\r\n\r\n' + body)
    payload, document = message.iter_parts()
    assert payload.get_content_type() == 'application/json'
    assert payload.get_payload(decode=True) == PAYLOAD
    assert document.get_filename() == 'badge.pdf'
    assert not message.defects


def test_same_content_same_bytes():
    assert encode(PAYLOAD, PDF, 'a.pdf') == encode(PAYLOAD, PDF, 'a.pdf')
    assert len({encode(*args, 'a.pdf')[0] for args in [(b'a', b'bc'), (b'ab', b'c'), (b'', b'abc')]}) == 3


@pytest.mark.parametrize('filename', ['', 'a b.pdf', 'ä.pdf', '../x.pdf', 'x"y.pdf', 'a\r\nb', 'x' * 101, '.pdf'])
def test_bad_file_name(filename):
    with pytest.raises(ValueError, match='file name'):
        encode(PAYLOAD, PDF, filename)
