"""The last lines of the log."""

import logging

from print_agent.web.log_buffer import LogBuffer

from tests.fakes.badges import J1


def test_the_log_buffer_hears_the_agent_while_it_is_open():
    log_buffer, log = LogBuffer(), logging.getLogger('print_agent.test')
    log.warning('before')
    log_buffer.open()
    log.warning('job %s failed', J1)
    logging.getLogger('elsewhere').warning('not ours')
    log_buffer.close()
    log.warning('after')
    (line,) = log_buffer.lines()
    assert line.endswith(f'WARNING job {J1} failed')
