"""Compares a PDF that somebody has with what was issued. It is not kept, and nothing parses it."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from indico_checkin_print.certificates import published
from indico_checkin_print.certificates.draw import MAX_BYTES
from indico_checkin_print.models.certificates import Certificate


#: Most bytes of a PDF that is compared: what was issued, with a signature, a timestamp and something added
MAX_UPLOAD = 2 * MAX_BYTES
#: The first of the two identifiers of a PDF, which stays when it is changed (ISO 32000-2, 14.4): ours is the UUID, as
#: 32 characters between parentheses, or those as hexadecimal numbers
_IDENTIFIER = re.compile(rb'/ID\s{0,9}\[\s{0,9}(?:\(([0-9a-f]{32})\)|<([0-9A-Fa-f]{64})>)')
#: How many identifiers are looked at: each change of a PDF may add one
_MAX_IDENTIFIERS = 50


class Verdict(StrEnum):
    """What a PDF is."""

    genuine = 'genuine'
    replaced = 'replaced'
    altered = 'altered'
    foreign = 'foreign'


@dataclass(frozen=True)
class Checked:
    """What a PDF is, and of which certificate."""

    verdict: Verdict
    certificate: Certificate | None = None


def check(content):
    """Return the `Checked` of a PDF, given as bytes."""
    certificate, is_replaced = published.by_content(hashlib.sha256(content).hexdigest())
    if certificate is not None:
        return Checked(Verdict.replaced if is_replaced else Verdict.genuine, certificate)
    certificate = published.among(uuids_in(content))
    return Checked(Verdict.foreign if certificate is None else Verdict.altered, certificate)


def uuids_in(content):
    """Return the UUIDs that a PDF has as its identifiers, as text."""
    found = set()
    for number, match in enumerate(_IDENTIFIER.finditer(content)):
        if number == _MAX_IDENTIFIERS:
            break
        try:
            found.add(str(UUID((match[1] or bytes.fromhex(match[2].decode())).decode('ascii'))))
        except ValueError:
            # that of another program
            continue
    return found
