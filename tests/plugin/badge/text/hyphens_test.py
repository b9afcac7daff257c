"""Where words may be broken."""

import pytest

from indico_checkin_print.badge.text.hyphens import has_hyphen, languages_of, places


def broken(text, *languages):
    """Return a text with all places in it, and a hyphen where one is written."""
    found = places(text, languages)
    return ''.join({True: '-|', False: '|', None: ''}[found.get(i)] + char for i, char in enumerate(text))


@pytest.mark.parametrize(('text', 'languages', 'expected'), [
    ('Universidad', ('es',), 'Uni-|ver-|si-|dad'), ('Universidad', (), 'Universidad'),
    ('Конференция Physics', ('ru', 'en_GB'), 'Кон-|фе-|рен-|ция Phys-|ics'),
    # the first language that has patterns and is written so
    ('Physikalisch', ('fi', 'el', 'es'), 'Phy-|sika-|lisch'), ('Haus', ('es',), 'Haus'),
    ('x' * 101, ('es',), 'x' * 101),
    ('東京都港区', ('ja',), '東京都港区'),
    # an address has no hyphens of ours in it
    ('Universidad zoe.universidad@example.org', ('es',), 'Uni-|ver-|si-|dad zoe.|universidad@|example.|org'),
    ('https://a.example/b', ('es',), 'https://|a.|example/|b')])
def test_places(text, languages, expected):
    assert broken(text, *languages) == expected


@pytest.mark.parametrize(('text', 'place', 'expected'), [
    ('Zürich', 2, True), ('Zürich', 0, False), ('Zürich', 6, False), ('a b', 1, False), ('A1', 1, False),
    ('王小明', 1, False), ('Иванов', 3, True), ('محمد', 2, False),
    ('ab zoe@example.org', 5, False), ('ab zoe@example.org', 1, True)])
def test_letters(text, place, expected):
    assert has_hyphen(text, place) == expected


@pytest.mark.parametrize(('country', 'languages'), [
    ('CH', ('de', 'fr', 'it', 'en_GB')), ('XX', ('en_GB',)), (None, ('en_GB',)), ('', ('en_GB',))])
def test_languages(country, languages):
    assert languages_of(country, 'en_GB') == languages
