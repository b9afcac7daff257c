"""Lines that come over and over become one, and a word about how often they came."""

import logging

import pytest

from print_agent.runtime import log_folding
from print_agent.runtime.log_folding import Folding
from print_agent.web.log_buffer import LogBuffer


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(f'{record.levelname} {record.getMessage()}')


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def handler(now):
    handler = Lines()
    handler.addFilter(Folding(handler, lambda: now[0]))
    return handler


@pytest.fixture
def log(handler):
    log = logging.getLogger('folding-test')
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    yield log
    log.removeHandler(handler)


def test_a_line_that_comes_again_is_counted(handler, log, now):
    for _ in range(1000):
        log.warning('no connection can be accepted (%s)', 'too many')
    log.info('another')
    assert handler.lines == ['WARNING no connection can be accepted (too many)', 'INFO another']
    now[0] += log_folding.FOLD_INTERVAL
    log.warning('no connection can be accepted (%s)', 'too many')
    assert handler.lines[2:] == ['WARNING no connection can be accepted (too many) (repeated 999 times)',
                                 'WARNING no connection can be accepted (too many)']


def test_what_was_left_out_is_said_with_whatever_comes_next(handler, log, now):
    log.info('one')
    log.info('one')
    now[0] += log_folding.FOLD_INTERVAL
    log.info('two')
    assert handler.lines == ['INFO one', 'INFO one (repeated once)', 'INFO two']


def test_lines_of_an_ordinary_day_are_all_there(handler, log, now):
    for number in range(500):
        log.info('job %d came out', number)
        now[0] += 1
    assert len(handler.lines) == 500


def test_a_flood_of_lines_that_differ_is_cut(handler, log, now):
    for number in range(100_000):
        log.warning('POST to %s refused', number)
        now[0] += 0.01
    assert len(handler.lines) < 1000 / log_folding.FOLD_INTERVAL * (log_folding.MAX_OF_A_KIND + 2) + 100
    assert any(line.startswith('WARNING More lines like this: POST to %s refused (repeated ')
               for line in handler.lines)


def test_the_memory_is_bounded_and_nothing_is_lost_silently(handler, log):
    log.info('first')
    log.info('first')
    for number in range(2 * log_folding.MAX_REMEMBERED):
        log.info(f'kind {number}')  # noqa: G004
    (fold,) = handler.filters
    assert max(len(fold._lines), len(fold._kinds)) <= log_folding.MAX_REMEMBERED
    assert 'INFO first (repeated once)' in handler.lines


def test_the_same_words_of_another_fault_are_another_line(handler, log):
    for exc in (ValueError('a'), ValueError('b'), ValueError('b')):
        log.error('it failed', exc_info=exc)
    assert len(handler.lines) == 2


def test_the_log_buffer_folds():
    log_buffer = LogBuffer()
    log_buffer.open()
    try:
        for _ in range(5000):
            logging.getLogger('print_agent.test').warning('the same')
        assert len(log_buffer.lines()) == 1
    finally:
        log_buffer.close()
