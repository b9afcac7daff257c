"""What the agent asks of a way to print, whichever it is.

The words matter more than the calls: a backend says ``completed`` only if the printer said so, ``failed`` and
``returned`` only if it is certain that nothing came out and nothing will, and ``unknown`` in every other doubt.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from print_agent.printing.sheet import Sheets
from print_agent.protocol import messages as p
from print_agent.protocol import reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintRequest:
    """One job for a printer."""

    #: Unique in the world and part of the title: by it the job is found again at CUPS and at the printer.
    tag: str
    title: str
    document: bytes
    copies: int
    width_mm: float
    height_mm: float
    #: Wall clock after which the badge must no longer come out, seconds since 1970.
    expires: float
    #: The printer's own name for a sheet of this size; empty: it has none.
    media: str = ''
    #: Dots per inch; 0 leaves it to the printer.
    resolution_dpi: int = 0
    #: Whether each second page is the back of the one before.
    two_sided: bool = False
    #: Whether the badge lies on its side on these pages: it was turned by 90 or 270 degrees.
    sideways: bool = False
    #: Why an earlier run of the agent was about to have it cancelled in the print system; empty if it was not.
    canceled_for: str = ''

    @property
    def sides(self) -> str:
        """IPP's ``sides`` (RFC 8011): what makes the back of a badge upright when it turns about its vertical axis.

        So does a badge on a lanyard. That axis is along the long edge of a sheet, as in a book, or along the short one.
        """
        if not self.two_sided:
            return 'one-sided'
        is_long = (self.height_mm >= self.width_mm) != self.sideways
        return 'two-sided-long-edge' if is_long else 'two-sided-short-edge'


def short_tag(tag: str) -> str:
    """What stands first in a job's title: some printers keep no more than 20 characters of it."""
    return hashlib.sha256(tag.encode()).hexdigest()[:12]


def is_named(name: str, tag: str) -> bool:
    """Whether a job at CUPS or at the printer is that of a tag, by its name or what a printer left of it."""
    return tag in name or name.startswith(short_tag(tag))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    state: Literal['completed', 'sent', 'failed', 'unknown', 'returned']
    reason: str = ''
    detail: str = ''

    @classmethod
    def of(cls, state: Literal['completed', 'sent', 'failed', 'unknown', 'returned'], reason: str) -> 'Outcome':
        """An outcome whose detail is the sentence of its reason."""
        return cls(state, reason, reasons.sentence(reason))


class Backend(Protocol):
    """A way to print. Every call may be made while another one runs; none blocks the event loop."""

    async def printers(self) -> Sequence[p.Printer]:
        """List the printers with their states (``depth`` is not filled in). Raises :class:`NotReady`."""
        ...

    async def check(self, printer: str) -> Sheets:
        """Raise :class:`NotReady` unless the printer would take a job now; return which sheets it has."""
        ...

    async def submit(self, printer: str, request: PrintRequest) -> str:
        """Hand a job over and return its handle. Raises :class:`SubmitFailed`."""
        ...

    async def find(self, printer: str, tag: str, handle: str) -> str | None:
        """Look for a job that an earlier run may have handed over; return its handle.

        None: certainly not handed over, and it will not print. Raises :class:`SubmitFailed` (not certain) when that
        cannot be known.
        """
        ...

    async def follow(self, printer: str, request: PrintRequest, handle: str, at_printer: Callable[[], None],
                     canceling: Callable[[str], None]) -> Outcome:
        """Watch a job that was handed over until it ends.

        Calls ``at_printer`` once, when the printer has it, and ``canceling`` with the reason before it is cancelled in
        the print system.
        """
        ...

    async def ensure_gone(self, printer: str, tag: str, handle: str, *, finish_within: float) -> None:
        """Make sure that the print system will not print the job any more. Raises :class:`NotGone`.

        ``finish_within``: seconds to wait for the print system to finish before the job is cancelled there.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and threads."""
        ...
