"""What items of a template are called."""

from indico_checkin_print.badge.items import key_of, title_of


def test_key_of_a_text_of_the_template():
    assert key_of({'type': 'fixed', 'text': 'VIP'}) == key_of({'type': 'fixed', 'text': 'VIP', 'x': 3})
    assert key_of({'type': 'fixed', 'text': 'VIP'}) != key_of({'type': 'fixed', 'text': 'Staff'})
    assert key_of({'type': 'fixed'})


def test_titles():
    assert title_of('affiliation') == 'Institution'
    assert title_of(key_of({'type': 'fixed', 'text': 'VIP'})) == 'Text of the template'
    assert title_of('field-999999') == title_of('field-x') == 'Deleted field'
    assert title_of('gone') == 'gone'
