"""Both ways: what somebody sees on the sheet of a printer that turns, moves and scales, and what cures it."""

import itertools

import pytest

from print_agent.protocol import calibration
from print_agent.protocol.calibration import EDGES, Answers, Calibration, find
from print_agent.protocol.errors import WrongAnswer


SHEET = (96.0, 134.0)


class OddPrinter:
    """Draws what is at x, y of a page at ``s·x + tx``, ``s·y + ty`` of the label, in mm from its top left corner."""

    def __init__(self, s=1.0, tx=0.0, ty=0.0, label=SHEET):
        self.s, self.tx, self.ty, self.label = s, tx, ty, label

    def draws(self, x, y):
        return self.s * x + self.tx, self.s * y + self.ty

    def seen(self, page, up='A'):
        """What is seen on the sheet: the number on the page at each edge of the label, and at the end of a card."""
        left, top = -self.tx / self.s, -self.ty / self.s
        right = page[0] - (self.label[0] - self.tx) / self.s
        bottom = page[1] - (self.label[1] - self.ty) / self.s
        return Answers(up=up, a=top, b=right, c=bottom, d=left, card=calibration.card_side(page) / self.s)


def on_the_label(printer, found, page):
    """Where the corners of a badge of the size of the page come out, laid out as `Layout` does it."""
    middle = [side / 2 + offset for side, offset in zip(page, (found.offset_x_mm, found.offset_y_mm), strict=True)]
    half = [side / 2 * found.scale for side in page]
    return [printer.draws(*(m + sign * h for m, h, sign in zip(middle, half, signs, strict=True)))
            for signs in ((-1, -1), (1, 1))]


@pytest.mark.parametrize(('s', 'tx', 'ty', 'label'), [
    (s, tx, ty, label) for s, tx, ty, label in itertools.product(
        (1.0, 0.97, 1.04), (0.0, -2.5, 3.0), (0.0, 1.5), (SHEET, (98.0, 140.0)))])
def test_the_badge_lies_in_the_middle_in_its_own_size(s, tx, ty, label):
    printer = OddPrinter(s, tx, ty, label)
    found = find(printer.seen(SHEET), SHEET)
    (left, top), (right, bottom) = on_the_label(printer, found, SHEET)
    assert (right - left, bottom - top) == pytest.approx(SHEET, abs=0.02)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((label[0] / 2, label[1] / 2), abs=0.02)


@pytest.mark.parametrize('left_out', ['a', 'b', 'c', 'd'])
@pytest.mark.parametrize('s', [1.0, 0.97])
def test_one_edge_is_enough_if_the_label_is_as_the_page(left_out, s):
    printer = OddPrinter(s, 2.0, -1.0)
    seen = printer.seen(SHEET)
    whole = find(seen, SHEET)
    some = find(Answers(**{**{key: getattr(seen, key) for key in Answers.__struct_fields__}, left_out: None}), SHEET)
    assert (some.offset_x_mm, some.offset_y_mm) == pytest.approx((whole.offset_x_mm, whole.offset_y_mm), abs=0.011)


def test_nothing_seen_nothing_changed():
    assert find(Answers(), SHEET) == Calibration()
    assert find(Answers(a=0, b=0, c=0, d=0, card=85.6), SHEET) == Calibration()


@pytest.mark.parametrize('up', EDGES)
def test_the_arrow_that_is_up(up):
    found = find(Answers(up=up), SHEET)
    assert found.orientation == 90 * EDGES.index(up)
    badge = SHEET if up in 'AC' else (134.0, 96.0)
    assert find(Answers(up=up), SHEET, badge) == found
    with pytest.raises(WrongAnswer, match='across') as caught:
        find(Answers(up=up), SHEET, badge[::-1])
    assert caught.value.reason == 'up'


def test_square_labels_may_lie_in_any_way():
    assert find(Answers(up='B'), (80.0, 80.0), (80.0, 80.0)).orientation == 90


@pytest.mark.parametrize(('sheet', 'side'), [
    ((96, 134), 85.6), ((134, 96), 85.6), ((105, 148), 85.6), ((54, 86), 53.98), ((101.6, 76.2), 53.98),
    ((62, 29), None)])
def test_cards_that_can_be_measured(sheet, side):
    assert calibration.card_side(sheet) == side


def test_numbers_that_are_not_on_the_ruler():
    with pytest.raises(WrongAnswer, match='about 86') as caught:
        find(Answers(card=12), SHEET)
    assert caught.value.reason == 'card'
    with pytest.raises(WrongAnswer, match='too small'):
        find(Answers(card=54), (62.0, 29.0))


@pytest.mark.parametrize('sheet', [(96, 134), (62, 29), (101.6, 76.2), (10, 10), (450, 450)])
def test_a_code_says_the_size_of_its_sheet(sheet):
    code = calibration.code('desk1', sheet)
    assert calibration.size_of('desk1', code) == sheet
    assert calibration.size_of('desk1', f' {code.lower().replace("-", " ")}') == sheet


@pytest.mark.parametrize(('printer', 'change', 'words'), [
    ('desk2', lambda code: code, 'another printer'), ('desk1', lambda code: code[:-1], 'not the code'),
    ('desk1', lambda code: code[:-1] + 'O', 'not the code'), ('desk1', lambda _code: '', 'not the code'),
    ('desk1', lambda code: ('3' if code[0] != '3' else '4') + code[1:], 'a letter of it is wrong')])
def test_wrong_codes(printer, change, words):
    with pytest.raises(WrongAnswer, match=words) as caught:
        calibration.size_of(printer, change(calibration.code('desk1', SHEET)))
    assert caught.value.reason == 'code'


def test_codes_differ():
    codes = {calibration.code(printer, (width, height)) for printer in ('desk1', 'desk2', 'Zebra')
             for width in (54, 62, 96.5) for height in (29, 86, 134)}
    assert len(codes) == 27
