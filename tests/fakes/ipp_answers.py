"""Answers in IPP as printers send them, made by hand."""

import struct


def attribute(tag, name, value):
    """Return one attribute as its bytes (RFC 8010, 3.1.4)."""
    return struct.pack('>BH', tag, len(name)) + name + struct.pack('>H', len(value)) + value


#: What a reader need not understand, and an attribute that is there twice
STRANGE = (b'\x02\x00\x00\x00\x00\x00\x00\x01\x01' + attribute(0x47, b'attributes-charset', b'utf-8') + b'\x04'
           + attribute(0x31, b'printer-current-time', bytes([7, 234, 0, 0, 0, 0, 0, 0]) + b'+\x00\x00')
           + attribute(0x23, b'operations-supported', struct.pack('>i', 0x4321)) + attribute(0x21, b'odd', b'\x01')
           + attribute(0x34, b'media-col-ready', b'') + attribute(0x4a, b'', b'printer-state')
           + attribute(0x23, b'', struct.pack('>i', 4)) + attribute(0x37, b'', b'')
           + attribute(0x34, b'', b'') + attribute(0x4a, b'', b'media-size') + attribute(0x34, b'', b'')
           + attribute(0x4a, b'', b'x-dimension') + attribute(0x21, b'', struct.pack('>i', 6200))
           + attribute(0x4a, b'', b'y-dimension') + attribute(0x33, b'', struct.pack('>ii', 1000, 9000))
           + attribute(0x37, b'', b'') + attribute(0x4a, b'', b'source') + attribute(0x44, b'', b'main')
           + attribute(0x44, b'', b'rear') + attribute(0x37, b'', b'')
           + attribute(0x23, b'printer-state', struct.pack('>i', 5))
           + attribute(0x44, b'printer-state-reasons', b'media-empty')
           + attribute(0x44, b'', b'cover-open\xff') + attribute(0x23, b'printer-state', struct.pack('>i', 3))
           + attribute(0x23, b'', struct.pack('>i', 3)) + b'\x03')
