"""The body of a webhook that carries a badge: the JSON envelope and the PDF, as ``multipart/form-data``.

Every attempt must send the same bytes. The signature covers them, and a receiver that compares what it got twice under
one ``webhook-id`` must find no difference. So the boundary is made from the content instead of by chance.
"""

import hashlib
import re

from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata


#: Names of the two parts.
PAYLOAD_PART = 'payload'
DOCUMENT_PART = 'document'

_filename = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]{0,99}')


def encode(payload, document, filename):
    """Put envelope and document into one body.

    :param payload: the JSON text of the envelope, as bytes
    :param document: the PDF, as bytes
    :param filename: for the document; made of ids, never of names: letters, digits, ``.``, ``_`` and ``-``
    :return: a tuple of the content type and the body (bytes), the same for the same content
    :raises ValueError: if the file name has other characters or more than 100
    """
    if not _filename.fullmatch(filename):
        raise ValueError(f'Not a plain file name: {filename!r}')
    digest = hashlib.sha256(b'%d:%b%b' % (len(payload), payload, document)).hexdigest()
    body, content_type = encode_multipart_formdata([
        _part(PAYLOAD_PART, payload, 'application/json'),
        _part(DOCUMENT_PART, document, 'application/pdf', filename),
    ], boundary=f'checkin-print-{digest[:40]}')
    return content_type, body


def _part(name, data, content_type, filename=None):
    field = RequestField(name, data, filename)
    field.make_multipart(content_type=content_type)
    return field
