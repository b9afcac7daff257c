"""The reader of IPP: what breaks off is no answer, and no bytes are worse than that."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from print_agent.errors import Unreadable
from print_agent.printing.ipp_reply import read

from tests.fakes.ipp_answers import STRANGE, attribute


@pytest.mark.parametrize('end', [1, 7, 9, 40, len(STRANGE) - 1])
def test_what_breaks_off_is_no_answer(end):
    with pytest.raises(Unreadable):
        read(STRANGE[:end])


@given(st.binary(max_size=200))
def test_no_bytes_are_worse_than_unreadable(data):
    for each in (data, STRANGE[:9] + data):
        with contextlib.suppress(Unreadable):
            read(each)


def test_what_is_read_and_what_is_skipped():
    (printer,) = read(STRANGE)['printers']
    # the first of two attributes of one name counts, as for CUPS
    assert (printer['printer-state'], printer['printer-state-reasons'][0]) == (5, 'media-empty')
    assert not {'printer-current-time', 'odd'} & set(printer)
    # of a range, as of all that is not understood, nothing is left
    assert printer['media-col-ready'] == [{'printer-state': 4},
                                          {'media-size': {'x-dimension': 6200}, 'source': ['main', 'rear']}]


@pytest.mark.parametrize(('tag', 'value', 'read_as'), [
    (0x21, b'\x00\x00\x00\x07', 7), (0x23, b'\xff\xff\xff\xff', -1), (0x22, b'\x01', True), (0x22, b'\x00', False),
    (0x32, b'\0\0\x01\x2c\0\0\0\xcb\x03', 203), (0x32, b'\0\0\0\x50\0\0\0\x50\x04', 203),
    (0x44, b'one-sided', 'one-sided'), (0x35, b'\x00\x02en\x00\x05Label', 'Label')])
def test_types(tag, value, read_as):
    answer = b'\x02\x00\x00\x00\x00\x00\x00\x01\x04' + attribute(tag, b'x', value) + b'\x03'
    assert read(answer)['printers'] == [{'x': read_as}]
