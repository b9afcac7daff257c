"""When the circuit breaker of a printer opens, and for how long."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.routing import printer_breaker


S = JobState


@pytest.mark.parametrize(('failures', 'ago', 'expected'), [
    (0, None, (1, None)), (1, 60, (2, None)), (2, 60, (3, 30)), (3, 60, (4, 60)), (9, 60, (10, 300)),
    # not in a row
    (2, 601, (1, None)),
])
def test_after_failure(failures, ago, expected):
    now = now_utc()
    count, probe_dt = printer_breaker.after_failure(failures, ago and now - timedelta(seconds=ago), now)
    assert (count, probe_dt and (probe_dt - now).total_seconds()) == expected
