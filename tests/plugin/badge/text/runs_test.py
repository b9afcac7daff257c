"""Parts of a text of one script and direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.badge.text.runs import Run, scripts_of, split, visual_order


def parts(text):
    return [(text[run.start:run.end], run.script) for run in split(text, bytes(len(text)))]


@pytest.mark.parametrize(('text', 'expected'), [
    ('', []),
    ('Zoë Müller-O’Neill 2', [('Zoë Müller-O’Neill 2', 'Latn')]),
    ('Анна (Anna)', [('Анна (', 'Cyrl'), ('Anna)', 'Latn')]),
    # what stands before the first letter goes with it
    ('“Ωμέγα”', [('“Ωμέγα”', 'Grek')]), ('12', [('12', 'Zyyy')]),
    # combining marks follow their letter, whatever they are usual with
    ('א\u0301', [('א\u0301', 'Hebr')]), ('e\u0301\u0327', [('e\u0301\u0327', 'Latn')]),
    # shared by two scripts
    ('はな・ハナー', [('はな・', 'Hira'), ('ハナー', 'Kana')]), ('ー', [('ー', 'Hira')]),
    ('क।', [('क।', 'Deva')]), ('ক।', [('ক।', 'Beng')]),
    ('نمی\u200cخواهم', [('نمی\u200cخواهم', 'Arab')]),
])
def test_scripts(text, expected):
    assert parts(text) == expected


@pytest.mark.parametrize('emoji', [
    '😀', '👩\u200d👩\u200d👧\u200d👦', '👍🏽', '❤\ufe0f', '🇨🇭', '1\ufe0f⃣', '#⃣',
    '🏴\U000e0067\U000e0062\U000e007f', '🏳\ufe0f\u200d🌈', '❤\ufe0f\u200d🔥', '🥰🥰'])
def test_emoji(emoji):
    assert parts(f'Zoë {emoji} x') == [('Zoë ', 'Latn'), (emoji, 'Zsye'), (' x', 'Latn')]


def test_no_emoji():
    assert set(scripts_of('A 1 # * © ☎ 12\u200dx')) == {'Latn'}
    assert parts('😀\u200d') == [('😀', 'Zsye'), ('\u200d', 'Zyyy')]


def test_levels_split_as_well():
    assert split('ab12', b'\0\0\1\1') == [Run(0, 2, 'Latn', 0), Run(2, 4, 'Latn', 1)]


@pytest.mark.parametrize(('levels', 'order'), [
    ([], []), ([0, 0], [0, 1]), ([1, 1], [1, 0]), ([0, 1, 1, 0], [0, 2, 1, 3]), ([1, 2, 1], [2, 1, 0]),
    ([1, 2, 2, 1], [3, 1, 2, 0]), ([0, 1, 2, 3, 2, 1, 0], [0, 5, 2, 3, 4, 1, 6])])
def test_visual_order(levels, order):
    assert visual_order(levels) == order


@given(st.text(max_size=40))
def test_all_of_a_text_is_in_its_runs(text):
    runs = split(text, bytes(len(text)))
    assert ''.join(text[run.start:run.end] for run in runs) == text
    assert sorted(visual_order([run.level for run in runs])) == list(range(len(runs)))
