"""What of a text is drawn."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.badge.text.literal import literal


@pytest.mark.parametrize('text', [
    'Zoë Müller', '<b>Bold</b> & <font size="80">', '&lt;b&gt; &#60;', '${name} {{ name }} %s', 'a < b > c',
    # a joiner between letters, a choice of a form, a flag
    'نمی\u200cخواهم', 'ශ්\u200dරී', '葛\U000e0100', '❤\ufe0f', '🏴\U000e0067\U000e0062\U000e007f', '\u0600١٢',
    'e\u0301', 'ᠮᠣᠩ\u180bᠭᠣᠯ'])
def test_text_is_text(text):
    assert literal(text) == text


@pytest.mark.parametrize(('text', 'drawn'), [
    ('  Zoë\t\n Müller\r\n', 'Zoë Müller'), ('Zo\0ë\x1b[1m', 'Zoë[1m'),
    ('\u0301a \u093fb', '\u0301a\u00a0\u093fb'), ('a\u00a0b\u3000c\u2028d', 'a b c d'),
    # directions that are turned around: overrides, embeddings, isolates, LRM and RLM
    ('\u202eelloH\u202c', 'elloH'), ('\u202aa\u202bb\u202d\u2066c\u2067\u2068\u2069\u200e\u200f\u061c', 'abc'),
    # nobody sees them
    ('so\u00adft ze\u200bro jo\u2060in \ufeff\u034f\u115f\u3164\uffa0\u17b4', 'soft zero join'),
    ('\ud800\ufffe\U0010ffff\ufdd0\U000e0001\ufff9', ''), ('', '')])
def test_what_is_dropped(text, drawn):
    assert literal(text) == drawn


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=50))
def test_any_text(text):
    drawn = literal(text)
    assert literal(drawn) == drawn
    assert not any(char < ' ' or '\x7f' <= char <= '\x9f' or '\u202a' <= char <= '\u202e' for char in drawn)
    drawn.encode()


def test_letters_and_digits_are_kept():
    fillers = '\u115f\u1160\u3164\uffa0'
    kept = ''.join(char for char in map(chr, range(sys.maxunicode)) if char.isalnum() and char not in fillers)
    assert literal(kept) == kept
