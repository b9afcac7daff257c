"""How names and answers are compared: by letter, whatever the capitals, accents and signs."""

import pytest

from indico_checkin_print.routing.collation import LAST, name_key, text_key


@pytest.mark.parametrize(('one', 'other'), [
    ('Zürich  HB', 'zurich hb'), ('STRASSE', 'straße'), ('ﬁne', 'FINE'), ('Ångström', 'A\u030angstro\u0308m'),
    ('', '  ')])
def test_the_same_answer(one, other):
    assert text_key(one) == text_key(other)


def test_signs_count_in_answers_and_not_in_names():
    assert text_key("O'Neill") != text_key('ONeill')
    assert name_key("O'Neill") == name_key('o neill') == 'oneill'


def test_order():
    names = ['Æsir', 'Ångström', 'Čapek', 'Đorđević', "D'Souza", 'Łukasiewicz', 'Øersted', 'Þórsson', 'Zola', 'Ωνάσης']
    assert sorted(sorted(names), key=name_key) == names
    assert all(name_key(name) < LAST for name in names)
