"""Messages as bytes: compact JSON, with limits. Whatever comes in, a message or a :class:`ProtocolError` comes out."""

from typing import Any, Generic, TypeVar, get_args

import msgspec
from msgspec import Struct

from print_agent.protocol.errors import MessageTooLarge, ProtocolError, UnknownType
from print_agent.protocol.text import fit


#: Largest text frame either side accepts, in bytes.
MAX_MESSAGE = 256 * 1024

AnyMessage = TypeVar('AnyMessage')
_NOT_READABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_encoder = msgspec.json.Encoder()


class _Peek(Struct):
    type: str


class Decoder(Generic[AnyMessage]):
    """Reads messages of a union of types, which their tags distinguish."""

    def __init__(self, union: Any):
        self._decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(union)
        self._types = frozenset(str(cls.__struct_config__.tag) for cls in get_args(union))

    def decode(self, data: bytes | str) -> AnyMessage:
        """Read one text frame. Raises :class:`ProtocolError`."""
        if isinstance(data, str):
            # Half a surrogate pair is not text; encoded as such, it is refused with the other nonsense.
            data = data.encode(errors='surrogatepass')
        if len(data) > MAX_MESSAGE:
            raise MessageTooLarge(f'The message has {len(data)} bytes; the limit is {MAX_MESSAGE}.')
        try:
            return self._decoder.decode(data)
        except _NOT_READABLE as exc:
            try:
                kind = msgspec.json.decode(data, type=_Peek).type
            except _NOT_READABLE:
                kind = None
            if kind is not None and kind not in self._types:
                raise UnknownType(f'Unknown message type {kind[:80]!r}.') from exc
            raise ProtocolError(f'Not a valid message: {exc}'[:500]) from exc


def encode(message: Struct) -> bytes:
    """Write a message (or a poll, a reply, a delivery) as compact JSON, with its texts cut and cleaned (see `fit`)."""
    return _encoder.encode(fit(message))
