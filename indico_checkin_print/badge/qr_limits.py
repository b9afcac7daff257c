"""Whether a code on a badge will scan, from what is known before it is printed. Pure.

The limits were measured, see docs/decisions.md: a printer makes dark modules up to a dot wider, and a phone needs some
pixels of its camera for each module.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import ceil

from indico_checkin_print import _
from indico_checkin_print.badge.qr_room import BORDER, QUIET_ZONE


#: Printer dots of a module: below the first it does not scan, below the second it may not
MIN_DOTS, ENOUGH_DOTS = 2.5, 4
#: The same where the printer, or its driver, makes dots of a picture in grey
MIN_DOTS_GREY = 3
#: A phone may need to be held closer to smaller modules, in mm
ENOUGH_MM = 0.5
#: Modules of white around a symbol without which nothing finds it
MIN_QUIET = 1


class Verdict(IntEnum):
    """Whether a code will scan, from good to bad."""

    ok = 1
    #: With good phones, or not with every printer
    warn = 2
    fail = 3


@dataclass(frozen=True)
class Code:
    """A code as a badge shows it."""

    #: What is in it
    payload: str
    #: Modules on a side of the symbol: 21 to 177
    count: int
    #: The width of a module in mm
    module_mm: float
    #: The least white on any of its sides, in modules
    quiet: float

    @property
    def version(self):
        """The version of the symbol by ISO/IEC 18004, 1 to 40."""
        return (self.count - 17) // 4


def judge(code, dpi, *, bits=1, read=None):
    """Return a `Verdict` about a code and why, a list of sentences; empty if it is fine.

    :param code: The `Code`.
    :param dpi: Dots of the printer in an inch.
    :param bits: Bits of a pixel of what the printer gets: with more than one it makes the dots of it.
    :param read: What a reader found in the codes on the rasterised page, a list of texts; ``None`` if none was asked.
    """
    findings = list(_findings(code, dpi, bits, read))
    return max((verdict for verdict, __ in findings), default=Verdict.ok), [why for __, why in findings]


def _findings(code, dpi, bits, read):
    # what is enough stays enough after some arithmetic
    dots, width, quiet = (round(value, 4) for value in (code.module_mm / 25.4 * dpi, code.module_mm, code.quiet))
    least = MIN_DOTS if bits == 1 else MIN_DOTS_GREY
    if dots < ENOUGH_DOTS:
        yield (Verdict.fail if dots < least else Verdict.warn), _(
            'A square of the code has {dots} dots of a printer with {dpi} dpi. {enough} are enough: make it at least '
            '{size} mm large.').format(dots=round(dots, 1), dpi=dpi, enough=ENOUGH_DOTS, size=_size_for(code, dpi))
    elif width < ENOUGH_MM:
        yield Verdict.warn, _(
            'A square of the code is {width} mm wide. Some phones need {enough} mm: make it at least {size} mm '
            'large.').format(width=round(width, 2), enough=ENOUGH_MM, size=_size_for(code, dpi))
    if quiet < QUIET_ZONE:
        yield (Verdict.fail if quiet < MIN_QUIET else Verdict.warn), _(
            'There is too little white around the code: {white} mm, and it needs {needed} mm on each side. Move what '
            'is beside it.').format(white=round(quiet * width, 1),
                                 needed=round(QUIET_ZONE * width, 1))
    if read is not None and code.payload not in read:
        yield Verdict.fail, _('The code cannot be read as it will be printed.')


def _size_for(code, dpi):
    """Return how large the item of a code must be to be fine with a printer, in whole mm."""
    module = max(ENOUGH_MM, ENOUGH_DOTS * 25.4 / dpi)
    return ceil(round(module * (code.count + 2 * BORDER), 3))
