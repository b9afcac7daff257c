"""Which font writes what."""

import pytest

from indico_checkin_print.badge.text import chain, fonts
from tests.fakes.texts import SANS, painted_font


@pytest.fixture
def sans():
    return fonts.at(SANS)


@pytest.mark.parametrize(('text', 'script', 'family'), [
    # the template's own, if it can
    ('Zoë', 'Latn', 'Liberation Sans'), ('Анна', 'Cyrl', 'Liberation Sans'), ('Ωμέγα', 'Grek', 'Liberation Sans'),
    ('אבג', 'Hebr', 'Liberation Sans'), ('12', 'Zyyy', 'Liberation Sans'),
    ('محمد', 'Arab', 'Noto Sans Arabic'), ('हिन्दी', 'Deva', 'Noto Sans Devanagari'),
    ('བོད', 'Tibt', 'Noto Serif Tibetan'),
    ('王', 'Hani', 'Noto Sans CJK JP'), ('ᏣᎳᎩ', 'Cher', 'Noto Sans Cherokee'), ('ᬩᬮᬶ', 'Bali', 'Noto Sans Balinese'),
    ('ﷲ', 'Arab', 'Noto Sans Arabic'), ('𐌰', 'Goth', 'Noto Sans Gothic'), ('ߒߞߏ', 'Nkoo', 'Noto Sans NKo'),
    ('😀', 'Zsye', 'Noto Color Emoji'), ('🥰', 'Zsye', 'Noto Color Emoji'),
    # none of the chain has it, but another font of the machine
    ('𝓐', 'Zyyy', 'Noto Sans Math'), ('𓀀', 'Egyp', 'Noto Sans Egyptian Hieroglyphs')])
def test_the_font_of_a_script(sans, text, script, family):
    assert chain.choose(text, script, sans).file.family == family


def test_bold(sans):
    assert chain.choose('محمد', 'Arab', sans, bold=True).file.weight == 700
    # a family that has none
    assert chain.choose('ᠮᠣᠩ', 'Mong', sans, bold=True).file.weight == 400


@pytest.mark.parametrize(('text', 'script'), [('\U000323b0', 'Hani'), ('\ue000', 'Zzzz'), ('z\ue000', 'Latn')])
def test_no_font_has_it(sans, text, script):
    assert chain.choose(text, script, sans) is None


def test_what_is_only_painted_is_not_written(tmp_path):
    """The emoji of some systems are paints (COLR) on glyphs without an outline: nothing would be on the badge."""
    font = fonts.at(painted_font(tmp_path / 'painted.ttf', painted='😀', outlined='😎'))
    assert font.has('😀😎')
    assert [chain.can_write(font, char, 'Zsye') for char in '😀😎'] == [False, True]


def test_emoji_are_not_of_the_templates_font():
    """It may have some of them, which would look different from those beside them."""
    assert chain.choose('☺', 'Zsye', fonts.of_family('DejaVu Sans')).file.family == 'Noto Color Emoji'


def test_a_font_of_last_resort_comes_last(sans, mocker):
    mocker.patch.object(fonts, 'families', return_value=dict.fromkeys(['a unifont', 'unifont', 'zeta']))
    tried = mocker.patch.object(fonts, 'of_family', return_value=None)
    assert chain._fallback.__wrapped__('x', 'Latn', False) is None
    assert [call.args[0] for call in tried.call_args_list][-3:] == ['a unifont', 'zeta', 'unifont']
