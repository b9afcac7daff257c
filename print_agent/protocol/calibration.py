"""How a printer's sheet differs from the page it was sent, found by what a person sees on a calibration sheet. Pure.

The sheet (:mod:`.calibration_sheet`) has a letter, an arrow and a ruler at each edge: A above, B on the right, C below,
D on the left. Who holds it says which letter is up, and at which line of each ruler the label ends. Both sides ask the
same questions and compute the same answer, so a printer can be calibrated at its computer and in Indico.

With ``x`` in mm on the page, a printer draws it at ``s·x + t`` on the label. The left edge of the label then shows the
line ``-t/s`` of its ruler, and so on; what brings the page into the middle, in its own size, follows from the lines.
"""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from print_agent.protocol.errors import WrongAnswer
from print_agent.protocol.fields import MAX_SIDE_MM
from print_agent.protocol.media import Size, is_about, turned


MAX_OFFSET_MM = 100.0
MIN_SCALE, MAX_SCALE = 0.8, 1.25
#: The lines that somebody may read, in mm: beyond them it is another label, not another place on it.
MAX_LINE_MM = 30.0
#: Letters of the edges, clockwise from the top: so many quarter turns bring the top of a badge there.
EDGES = 'ABCD'
#: Long and short side of a bank card in mm (ISO/IEC 7810, ID-1): everybody has one at hand.
CARD_LONG_MM, CARD_SHORT_MM = 85.6, 53.98
#: Letters and digits that nobody takes for one another.
_ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
_SIZE_LETTERS, _CHECK_LETTERS = 5, 2
_STEPS = 10  # of a side, for each mm
#: Sizes that differ by no more are the same page, in mm.
_SAME_MM = 2.0


class Calibration(Struct, frozen=True, kw_only=True):
    """What brings a badge to its place on the label."""

    #: By how many degrees it is turned clockwise.
    orientation: Literal[0, 90, 180, 270] = 0
    #: How far it is moved to the right and down, in mm.
    offset_x_mm: Annotated[float, Meta(ge=-MAX_OFFSET_MM, le=MAX_OFFSET_MM)] = 0.0
    offset_y_mm: Annotated[float, Meta(ge=-MAX_OFFSET_MM, le=MAX_OFFSET_MM)] = 0.0
    #: How much larger it is drawn.
    scale: Annotated[float, Meta(ge=MIN_SCALE, le=MAX_SCALE)] = 1.0
    #: Whether it counts even if the printer has another one at its computer: so a calibration sheet comes out as it is.
    alone: bool = False


Line = Annotated[float, Meta(ge=-MAX_LINE_MM, le=MAX_LINE_MM)]


class Answers(Struct, frozen=True, kw_only=True):
    """What somebody sees on a calibration sheet. A line is one of a ruler, in mm; below zero: so wide is the gap."""

    #: The letter that is up when the label is held as the badge is read.
    up: Literal['A', 'B', 'C', 'D'] = 'A'
    #: The line at which the label ends, at each edge; None: it was not looked at.
    a: Line | None = None
    b: Line | None = None
    c: Line | None = None
    d: Line | None = None
    #: The number that the end of a bank card touches; None: it was not measured.
    card: Annotated[float, Meta(gt=0, le=2 * CARD_LONG_MM)] | None = None


def find(answers: Answers, sheet: Size, badge: Size | None = None) -> Calibration:
    """Find the calibration from what is seen on a sheet.

    :param sheet: width and height of the page of the calibration sheet
    :param badge: those of the badges, if they are known
    :raises WrongAnswer: for what no printer does
    """
    turns = EDGES.index(answers.up)
    if badge is not None and not is_about(turned(badge) if turns % 2 else badge, sheet, _SAME_MM):
        raise WrongAnswer('up', 'With this arrow up the badge lies across the label. Print the sheet the other way '
                                'round, or look again which arrow is up.')
    scale = 1.0
    if answers.card is not None:
        card = card_side(sheet)
        if card is None:
            raise WrongAnswer('card', 'This sheet has no ruler for a card: it is too small.')
        scale = answers.card / card
        if not MIN_SCALE <= scale <= MAX_SCALE:
            raise WrongAnswer('card', f'The ruler has numbers about {card:.0f}. Lay the card at the line "0" of the '
                                      f'ruler for cards, and read where it ends.')
    return Calibration(orientation=90 * turns, scale=round(scale, 4),  # type: ignore[arg-type]
                       offset_x_mm=_offset(answers.d, answers.b, sheet[0], scale),
                       offset_y_mm=_offset(answers.a, answers.c, sheet[1], scale))


def _offset(near: float | None, far: float | None, side: float, scale: float) -> float:
    """How far the middle of the label is from that of the page. If one edge is not known, both are as wide."""
    if near is None and far is None:
        return 0.0
    beyond = side * (1 - scale)
    if near is None:
        near = beyond - (far or 0.0)
    elif far is None:
        far = beyond - near
    return round((near - (far or 0.0)) / 2, 2)


def card_side(sheet: Size) -> float | None:
    """Which side of a bank card can be measured on a sheet; None if it is too small for that."""
    longer = max(sheet)
    return next((side for side in (CARD_LONG_MM, CARD_SHORT_MM) if longer >= ruler_length(side) + 2 * 13), None)


def ruler_length(card: float) -> float:
    """Where the ruler for a card ends, in mm."""
    return float(round(card * 1.07))


def code(printer: str, sheet: Size) -> str:
    """The code on a sheet: its size, and letters that another printer's sheet does not have."""
    number = round(sheet[0] * _STEPS) * (_limit() + 1) + round(sheet[1] * _STEPS)
    return f'{_letters(number, _SIZE_LETTERS)}-{_check(printer, number)}'


def size_of(printer: str, text: str) -> Size:
    """Read the code on a sheet: its size. Raises :class:`WrongAnswer` if it is not one of this printer."""
    plain = ''.join(text.upper().split()).replace('-', '')
    if len(plain) != _SIZE_LETTERS + _CHECK_LETTERS or set(plain) - set(_ALPHABET):
        raise WrongAnswer('code', 'This is not the code of a calibration sheet. It stands in the middle, such as '
                                  f'{code(printer, (96.0, 134.0))}.')
    number = 0
    for letter in plain[:_SIZE_LETTERS]:
        number = number * len(_ALPHABET) + _ALPHABET.index(letter)
    if _check(printer, number) != plain[_SIZE_LETTERS:]:
        raise WrongAnswer('code', 'This is the code of another printer, or a letter of it is wrong.')
    width, height = divmod(number, _limit() + 1)
    return width / _STEPS, height / _STEPS


def _limit() -> int:
    return round(MAX_SIDE_MM * _STEPS)


def _check(printer: str, number: int) -> str:
    digest = hashlib.sha256(f'{printer}\n{number}'.encode()).digest()
    return _letters(int.from_bytes(digest[:4]) % len(_ALPHABET) ** _CHECK_LETTERS, _CHECK_LETTERS)


def _letters(number: int, count: int) -> str:
    found = ''
    for _ in range(count):
        number, digit = divmod(number, len(_ALPHABET))
        found = _ALPHABET[digit] + found
    return found
