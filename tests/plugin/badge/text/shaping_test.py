"""From text to clusters of glyphs."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.text.shaping import Style, Text, _language_of_han
from tests.fakes.texts import SANS


STYLE = Style(fonts.at(SANS))


def clusters(text):
    return [cluster.text for cluster in Text(text, STYLE).clusters()]


@pytest.mark.parametrize(('text', 'expected'), [
    ('Zoë', ['Z', 'o', 'ë']), ('Zoe\u0308', ['Z', 'o', 'e\u0308']), ('', []),
    ('אב ab', ['a', 'b', ' ', 'ב', 'א']), ('ab אב 12', ['a', 'b', ' ', '1', '2', ' ', 'ב', 'א']),
    ('دָ'[:1], ['د']), ('דָוִד', ['ד', 'וִ', 'דָ']),
    # what is written before a letter belongs to it, and so does what is joined to one
    ('हि', ['हि']), ('க்ஷோ', ['க்ஷோ']), ('لا', ['لا']), ('เก้า', ['เ', 'ก้', 'า'])])
def test_clusters_from_left_to_right(text, expected):
    assert clusters(text) == expected


def test_arabic_letters_are_joined():
    alone, joined = (Text(text, STYLE).clusters() for text in ('ب', 'ببب'))
    assert len({cluster.glyphs for cluster in (*alone, *joined)}) == 4


def test_several_fonts_in_one_text():
    text = Text('Zoë 王 محمد 😀', STYLE)
    assert [cluster.font.file.family for cluster in text.clusters() if cluster.text != ' '] == [
        *['Liberation Sans'] * 3, 'Noto Sans CJK JP', *['Noto Sans Arabic'] * 4, 'Noto Color Emoji']


@pytest.mark.parametrize(('text', 'families'), [
    # two fonts in one name look like a mistake
    ('Ada Ꞑdaə', ['Noto Sans'] * 8),
    # but a sign is no reason for another font
    ('Ada ☔', [*['Liberation Sans'] * 4, 'Noto Sans Symbols2']),
    # no font has all of it
    ('Ꞑ𝓐 Ada', ['Noto Sans', 'Noto Sans Math', *['Liberation Sans'] * 4])])
def test_how_many_fonts(text, families):
    assert [cluster.font.file.family for cluster in Text(text, STYLE).clusters()] == families


def test_what_no_font_has():
    text = Text('Zo\ue000ë \ue001\ue000', STYLE)
    assert text.missing == '\ue000\ue001'
    assert clusters('Zo\ue000') == ['Z', 'o', '\ue000']
    assert Text('Zoë', STYLE).missing == ''


@pytest.mark.parametrize('name', ['Nguyễn Thị Ánh', 'Ἀριστοτέλης ᾠδή', 'Šimůnek Łukasz', 'Ёлкин Їжак', 'ö̩ɓ́'])
def test_composed_and_decomposed_look_the_same(name):
    composed, decomposed = (Text(unicodedata.normalize(form, name), STYLE).clusters() for form in ('NFC', 'NFD'))
    assert [(cluster.glyphs, cluster.advance) for cluster in composed] == [
        (cluster.glyphs, cluster.advance) for cluster in decomposed]


def test_a_part_of_a_text():
    text = Text('אב ab', STYLE)
    assert [cluster.text for cluster in text.clusters(0, 2)] == ['ב', 'א']
    assert [cluster.text for cluster in text.clusters(1, 4)] == ['a', ' ', 'ב']


@pytest.mark.parametrize(('text', 'language', 'expected'), [
    ('Zoë', 'en', None), ('直子', 'en', 'zh-hans'), ('國龍', 'en', 'zh-hant'), ('辻', 'en', 'ja'),
    ('直なお', 'en', 'ja'), ('直 직', 'en', 'ko'), ('直子', 'ja_JP', 'ja'), ('直子', 'zh-hant', 'zh-hant'),
    ('直子', 'zh_CN', 'zh-hans'), ('𠮷', 'en', 'zh-hans')])
def test_by_whose_habits_chinese_characters_are_written(text, language, expected):
    assert _language_of_han(text, language) == expected


def test_the_habits_make_a_difference():
    glyphs = {Text('直', Style(STYLE.font, language=language)).clusters()[0].glyphs for language in ('ja_JP', 'en_GB')}
    assert len(glyphs) == 2


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from('aé\u0301 אבדָ١٢مح\u200c\u200dहि्ก้😀🏽🇨🇭王はー(){}[]\ue000')
               | st.characters(codec='utf-8'), max_size=30))
def test_nothing_is_lost_and_nothing_twice(text):
    shaped = Text(text, STYLE).clusters()
    assert sorted(''.join(cluster.text for cluster in shaped)) == sorted(text)
