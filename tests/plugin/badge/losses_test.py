"""What a badge does not show, in facts and in words."""

from types import SimpleNamespace

import pytest

from indico_checkin_print.badge.losses import Loss, LossKind, losses_of, to_facts


@pytest.mark.parametrize(('kind', 'detail', 'words'), [
    (LossKind.missing_glyphs, 'U+E000 U+E001', 'Last Name: boxes in place of U+E000 U+E001.'),
    (LossKind.accents, '4996', 'Last Name: 4996 stacked accents are left out.'),
    (LossKind.cut, '37/5000', 'Last Name: cut, 37 of 5000 characters are shown.'),
    (LossKind.picture, 'cut_off', 'Last Name: left out, the file is cut off, its end is missing. Upload it again.')])
def test_in_words_and_in_facts(kind, detail, words):
    loss = Loss(kind, 'last_name', detail)
    assert str(loss) == words
    assert losses_of(SimpleNamespace(facts={'losses': to_facts([loss])})) == [loss]


def test_none():
    assert losses_of(SimpleNamespace(facts=None)) == losses_of(SimpleNamespace(facts={'key': 'x'})) == []


def test_what_a_newer_version_wrote():
    assert losses_of(SimpleNamespace(facts={'losses': [['blurred', 'last_name', '3'], ['cut', 'x', '1/2']]})) == [
        Loss(LossKind.cut, 'x', '1/2')]
