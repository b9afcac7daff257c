"""What messages are made of: the limits of both sides, the types of fields, and the messages that either may send."""

from typing import Annotated

from msgspec import Meta, Struct

from print_agent.protocol.text import PLAIN


#: Version of this protocol. A peer of another major version is refused with a sentence.
PROTOCOL = 1
#: Largest badge PDF, in bytes.
MAX_DOCUMENT = 8 * 1024 * 1024
#: Most pages in one badge PDF.
MAX_PAGES = 20
#: Longest name of a printer, in characters: as long as CUPS takes the name of a queue (127 bytes).
MAX_PRINTER_NAME = 127
#: Most printers of one agent in a list.
MAX_PRINTERS = 100
#: Largest side of a badge page, in millimetres (a little over A3).
MAX_SIDE_MM = 450.0
#: Most desks that call the tech in one message, and most features that an agent names.
MAX_CALLS, MAX_FEATURES = 50, 20
#: The feature of an agent that shows desks that call the tech.
FEATURE_CALLS = 'calls'
#: What the token of a paired agent starts with (secret scanners know an agent's token by it).
TOKEN_PREFIX = 'icpa_'  # noqa: S105
#: Standard Webhooks: how far a ``webhook-timestamp`` may be from now, in seconds.
WEBHOOK_TOLERANCE = 300


UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
#: Of a job: a UUID (RFC 9562) in lower case.
JobId = Annotated[str, Meta(pattern=rf'^{UUID}\Z')]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Name = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
PrinterName = Annotated[str, Meta(min_length=1, max_length=MAX_PRINTER_NAME, pattern=PLAIN)]
#: Machine-readable reason, e.g. ``media-empty`` or ``too_late``; IPP keywords where the printer gave them.
Reason = Annotated[str, Meta(max_length=80, pattern=PLAIN)]
Detail = Annotated[str, Meta(max_length=2000, pattern=PLAIN)]
Seconds = Annotated[float, Meta(ge=0, le=30 * 86400)]
Millimetres = Annotated[float, Meta(gt=0, le=MAX_SIDE_MM)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Sha256 = Annotated[str, Meta(pattern=r'^[0-9a-f]{64}\Z')]


class Message(Struct, frozen=True, kw_only=True, tag_field='type'):
    """Base of all messages; the JSON field ``type`` names the class."""


class JobMessage(Message, frozen=True, kw_only=True):
    """Base of all messages about a job that both sides know."""

    job: JobId
    dispatch: Count


class Drain(Message, frozen=True, kw_only=True, tag='drain'):
    """Either side: I am stopping. No new work; what has no go is free to go elsewhere."""

    reason: Detail = ''


class Error(Message, frozen=True, kw_only=True, tag='error'):
    """What came in could not be used. Alone it is never a reason to close the link."""

    code: Reason
    detail: Detail = ''
    job: Annotated[str, Meta(pattern=rf'^({UUID})?\Z')] = ''
