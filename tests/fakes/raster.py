"""Reads Apple Raster (``image/urf``), which driverless printers get, and says where the black is on each page."""

import struct


def places(document):
    """Return for each page its size, and left, top, width and height of what is black on it, in whole mm."""
    assert document.startswith(b'UNIRAST\0')
    found, at = [], 12
    while at < len(document):
        bits, width, height, dpi = struct.unpack_from('>B11xIII', document, at)
        black, y, at = [], 0, at + 32
        while y < height:
            repeat, (row, at) = document[at] + 1, _row(document, at + 1, bits, -(-width * bits // 8))
            dark = ([x for x in range(width) if row[x // 8] & 0x80 >> x % 8] if bits == 1 else
                    [x for x in range(width) if row[x * bits // 8] < 128])
            if dark:
                black += [(dark[0], y), (dark[-1] + 1, y + repeat)]
            y += repeat
        xs, ys = zip(*black, strict=True) if black else ((0,), (0,))
        found.append(tuple([round(value / dpi * 25.4) for value in values]
                           for values in ((width, height), (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))))
    return found


def _row(document, at, bits, length):
    size, row = max(1, bits // 8), bytearray()
    while len(row) < length:
        code, at = document[at], at + 1
        if code == 128:
            row += (b'\0' if bits == 1 else b'\xff') * (length - len(row))
        elif code < 128:
            row += document[at:at + size] * (code + 1)
            at += size
        else:
            row += document[at:at + size * (257 - code)]
            at += size * (257 - code)
    return row, at
