"""Whether a code will scan, in words, before anything is printed."""

import pytest

from indico_checkin_print.badge.qr_limits import Code, Verdict, judge


#: 33 modules, 0.6 mm each: 20 mm with what Indico leaves around
FINE = {'payload': 'x', 'count': 33, 'module_mm': .6, 'quiet': 4}


def verdict(dpi=203, *, bits=1, read=None, **kwargs):
    return judge(Code(**FINE | kwargs), dpi, bits=bits, read=read)


def test_nothing_to_say():
    assert verdict() == (Verdict.ok, [])
    assert verdict(read=['x']) == (Verdict.ok, [])
    assert Code(**FINE).version == 4


@pytest.mark.parametrize(('module_mm', 'dpi', 'bits', 'expected'), [
    # four dots are 0.5 mm at 203 dpi
    (.501, 203, 1, Verdict.ok), (.499, 203, 1, Verdict.warn), (.32, 203, 1, Verdict.warn), (.31, 203, 1, Verdict.fail),
    # at 300 dpi it is the phone that wants them as large
    (.501, 300, 1, Verdict.ok), (.499, 300, 1, Verdict.warn), (.22, 300, 1, Verdict.warn), (.21, 300, 1, Verdict.fail),
    # who makes dots of greys needs more of them
    (.32, 203, 8, Verdict.fail), (.38, 203, 8, Verdict.warn), (.501, 203, 8, Verdict.ok),
])
def test_the_size_of_a_module(module_mm, dpi, bits, expected):
    found, why = verdict(dpi, bits=bits, module_mm=module_mm)
    assert found == expected
    assert len(why) == (expected != Verdict.ok)


@pytest.mark.parametrize(('quiet', 'expected'), [(.9, Verdict.fail), (1, Verdict.warn), (3.9, Verdict.warn),
                                                 (4, Verdict.ok), (3.9999999999999996, Verdict.ok)])
def test_the_quiet_zone(quiet, expected):
    assert verdict(quiet=quiet)[0] == expected


@pytest.mark.parametrize('read', [[], ['y']])
def test_what_was_read(read):
    assert verdict(read=read) == (Verdict.fail, ['The code cannot be read as it will be printed.'])


def test_all_that_is_wrong_in_words():
    found, why = verdict(module_mm=.4, quiet=1, read=[])
    assert found == Verdict.fail
    assert why == [
        'A square of the code has 3.2 dots of a printer with 203 dpi. 4 are enough: make it at least 18 mm large.',
        'There is too little white around the code: 0.4 mm, and it needs 1.6 mm on each side. Move what is beside it.',
        'The code cannot be read as it will be printed.']


@pytest.mark.parametrize('dpi', [203, 300, 600])
@pytest.mark.parametrize('count', [21, 33, 57])
def test_the_size_that_is_recommended_is_fine(dpi, count):
    why, = verdict(dpi, module_mm=.45 if dpi > 203 else .4, count=count)[1]
    size = int(why.rpartition('at least ')[2].partition(' mm')[0])
    assert verdict(dpi, module_mm=size / (count + 2), count=count) == (Verdict.ok, [])
    assert verdict(dpi, module_mm=(size - 1) / (count + 2), count=count)[0] == Verdict.warn
