"""The numbers of a certificate: always the same for the same, unlike for all else, typed by people."""

import pytest

from indico_checkin_print.certificates.identity import first_free, identify, typed, written


def test_the_same_for_the_same_and_nothing_else():
    uuid, serial = identify(b'secret', 5, 'attendee', 'registration:7')
    assert identify(b'secret', 5, 'attendee', 'registration:7') == (uuid, serial)
    others = [identify(*args) for args in ((b'other', 5, 'attendee', 'registration:7'),
                                           (b'secret', 6, 'attendee', 'registration:7'),
                                           (b'secret', 5, 'volunteer', 'registration:7'),
                                           (b'secret', 5, 'attendee', 'registration:8'))]
    assert len({uuid, *(other for other, __ in others)}) == 5
    assert len({serial[:8], *(other[:8] for __, other in others)}) == 5
    assert (uuid.version, uuid.variant) == (8, 'specified in RFC 4122')


def test_a_serial_that_is_taken_is_longer():
    assert first_free('ABCDEFGHJK', set()) == 'ABCDEFGH'
    assert first_free('ABCDEFGHJK', {'ABCDEFGH', 'ABCDEFGHJ'}) == 'ABCDEFGHJK'


@pytest.mark.parametrize(('text', 'serial'), [
    ('7Q2M-XRVT', '7Q2MXRVT'), (' 7q2m xrvt', '7Q2MXRVT'), ('oil1-000a', '0111000A'), ('7Q2M', ''), ('', ''),
    ('A' * 25, ''), ('ééééééééé', '')])
def test_what_people_type(text, serial):
    assert typed(text) == serial


def test_a_number_is_that_of_a_category_of_indico(app):
    """The reason why a serial has a letter. If this fails, Indico has changed."""
    assert app.url_map.bind('').match('/c/12345678')[0] != 'plugin_checkin_print.public_certificate'
    assert app.url_map.bind('').match('/c/1234567A')[0] == 'plugin_checkin_print.public_certificate'
    assert first_free('1234567890A', set()) == '1234567890A'
    assert typed('1234-5678') == ''


def test_what_stands_on_it_can_be_typed():
    __, serial = identify(b'secret', 5, 'attendee', 'registration:7')
    assert written('7Q2MXRVT') == '7Q2M-XRVT'
    assert typed(written(serial[:9])) == serial[:9]
