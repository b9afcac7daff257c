"""PDFs of a few kB that would fill the memory of a program that reads them."""

import zlib


#: Bytes that a stream may hold before pypdf itself refuses to inflate it.
INFLATED = 74_000_000


def flate_bomb(size=2000 * 1024 * 1024):
    """Make a PDF of which a stream that has to be read for its pages holds so many bytes."""
    return _xref(b'/Filter/FlateDecode', zlib.compress(bytes(1024 * 1024) * (size // 1024 // 1024), 9))


def xref_bomb():
    """Make the same of ASCII85 (a ``z`` stands for four bytes), which takes over 1 GB to decode."""
    return _xref(b'/Filter[/FlateDecode/ASCII85Decode]', zlib.compress(b'z' * INFLATED, 9))


def _xref(filters, data):
    head = b'%PDF-1.5\n'
    xref = (b'1 0 obj\n<</Type/XRef/Size 3/W[1 2 1]/Root 2 0 R' + filters + b'/Length %d>>\nstream\n' % len(data)
            + data + b'\nendstream\nendobj\n')
    return head + xref + b'startxref\n%d\n%%%%EOF' % len(head)


def content_bomb(width_mm=96.0, height_mm=134.0):
    """Make a PDF of one good page, of which the drawing is such a stream."""
    data = zlib.compress(b'z' * INFLATED, 9)
    width, height = (side / 25.4 * 72 for side in (width_mm, height_mm))
    bodies = [b'<</Type/Catalog/Pages 2 0 R>>', b'<</Type/Pages/Kids[3 0 R]/Count 1>>',
              b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.3f %.3f]/Contents 4 0 R/Resources<<>>>>' % (width, height),
              b'<</Filter[/FlateDecode/ASCII85Decode]/Length %d>>\nstream\n' % len(data) + data + b'\nendstream']
    text, places = bytearray(b'%PDF-1.5\n'), []
    for number, body in enumerate(bodies, 1):
        places.append(len(text))
        text += b'%d 0 obj\n' % number + body + b'\nendobj\n'
    start = len(text)
    text += b'xref\n0 5\n0000000000 65535 f \n' + b''.join(b'%010d 00000 n \n' % place for place in places)
    return bytes(text + b'trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF' % start)
