"""What is in a printer, to the hundredth of a millimetre where it says so."""

import pytest

from print_agent.printing.loaded import ROLL, loaded_media
from print_agent.protocol import media


def column(width, height):
    sides = {'x-dimension': width, 'y-dimension': height}
    return {'media-size': {name: side for name, side in sides.items() if side is not None}, 'media-type': 'labels'}


@pytest.mark.parametrize(('names', 'columns', 'loaded'), [
    (['oe_badge_96x134mm'], None, ['oe_badge_96x134mm']),
    # the same size keeps its name
    (['oe_badge_96x134mm'], column(9600, 13400), ['oe_badge_96x134mm']),
    (['na_index-4x6_4x6in'], column(10160, 15240), ['na_index-4x6_4x6in']),
    # a name is rounded
    (['oe_label_62x29mm', 'iso_a4_210x297mm'], [column(21000, 29700), column(6200, 2897)],
     ['custom_loaded_62x28.97mm', 'iso_a4_210x297mm']),
    # the names decide: this one is another sheet
    (['oe_badge_93x134mm'], [column(9600, 13400)], ['oe_badge_93x134mm']),
    # a name without a size stays
    (['custom_max_300x450mm', 'labels'], [column(6200, 2900)], ['custom_max_300x450mm', 'labels']),
    # sizes alone; a roll has a range in place of a side
    ([], [column(6200, 2900), column(6200, None)], ['custom_loaded_62x29mm', ROLL]),
    ([], ['nonsense', {}, {'media-size': 7}, column(0, 5), column(8, 'x')], [ROLL] * 4),
    ([], None, []),
])
def test_what_is_loaded(names, columns, loaded):
    assert loaded_media(names, columns) == tuple(loaded)


def test_the_names_say_the_size():
    name, = loaded_media([], column(6196, 2897))
    assert media.media_size(name) == (61.96, 28.97)
    assert media.in_words((61.96, 28.97)) == '62 x 29 mm'
    # from a roll anything may come
    assert media.media_size(ROLL) is None
    assert media.too_small((100, 150), loaded_media([], column(6200, None))) is None
