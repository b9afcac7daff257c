"""What Indico learns of this computer: the printers that it needs and the jobs that count, in one message that fits.

Pure. A message that is too large ends the connection, so its size is measured here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from print_agent.protocol import messages as p


#: What the printers and the jobs in a hello may take, in bytes; together with the rest less than ``MAX_MESSAGE``.
PRINTERS_BYTES, HOLDING_BYTES = 120 * 1024, 120 * 1024
#: What the messages of one poll may take besides its hello, in bytes. The server reads twice ``MAX_MESSAGE``.
POLL_BYTES = 200 * 1024
#: Sizes of labels of each printer that Indico gets; what is loaded comes first. Some printers know hundreds.
MAX_MEDIA = 8
#: Names that are quoted in a sentence.
MAX_QUOTED_NAMES = 5
AnyStruct = TypeVar('AnyStruct', bound=msgspec.Struct)


@dataclass(frozen=True)
class Offer:
    """The printers that are offered to Indico."""

    printers: tuple[p.Printer, ...]
    #: Those that are not: name, and why not, in words.
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was left out, in words: one sentence for each cause."""
        causes: dict[str, list[str]] = {}
        for name, why in self.left_out.items():
            causes.setdefault(why, []).append(name)
        return tuple(
            f'{len(names)} print queue{" is" if len(names) == 1 else "s are"} not offered to Indico '
            f'({", ".join(names[:MAX_QUOTED_NAMES])}{", …" if len(names) > MAX_QUOTED_NAMES else ""}): {why}'
            for why, names in causes.items())


def choose(printers: Sequence[p.Printer], wanted: Collection[str]) -> Offer:
    """Choose the printers to offer.

    :param printers: all printers, with everything that is known of them
    :param wanted: names of those that desks use; they come first
    """
    chosen: dict[str, p.Printer] = {}
    left_out: dict[str, str] = {}
    room = PRINTERS_BYTES
    for printer in sorted(printers, key=lambda each: each.name not in wanted):
        offered = _offerable(printer)
        if offered is None:
            left_out[printer.name] = _why_left_out(printer.name)
            continue
        size = len(p.encode(offered)) + 1
        if len(chosen) == p.MAX_PRINTERS or size > room:
            left_out[printer.name] = (f'it takes {p.MAX_PRINTERS} of one computer, those that desks use first. Name '
                                      f'the ones that are needed in agent.toml (cups.queues).')
            continue
        room -= size
        chosen[printer.name] = offered
    return Offer(tuple(chosen[each.name] for each in printers if each.name in chosen), left_out)


def fitting(messages: Iterable[AnyStruct], size: int) -> list[AnyStruct]:
    """The first messages: as many as have no more than so many bytes together."""
    taken = []
    for message in messages:
        size -= len(p.encode(message)) + 1
        if size < 0:
            break
        taken.append(message)
    return taken


def _offerable(printer: p.Printer) -> p.Printer | None:
    """The printer as the protocol can carry it; without what a strange one says of itself, if need be."""
    for each in (replace(printer, media=printer.media[:MAX_MEDIA]), replace(printer, media=(), model='', reasons=())):
        try:
            return msgspec.convert(msgspec.to_builtins(each), p.Printer)
        except msgspec.ValidationError:
            continue
    return None


def _why_left_out(name: str) -> str:
    if len(name) > p.MAX_PRINTER_NAME:
        return f'names may have at most {p.MAX_PRINTER_NAME} characters. Make a print queue with a shorter name.'
    return 'the name has characters that are not allowed. Make a print queue with another name.'
