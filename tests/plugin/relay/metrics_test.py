"""The metrics of the relay are what Prometheus reads."""

import re

from indico_checkin_print.relay.metrics import METRICS, PREFIX, Metrics


GAUGES = {'agents': 3, 'in_flight': 7, 'database_up': 1, 'posts_in_flight': 2}


def test_metrics_are_what_prometheus_reads():
    metrics = Metrics()
    metrics.count('received_total', type='hello')
    metrics.count('received_total', 2, type='completed')
    for seconds in (0.001, 0.03, 0.03, 99):
        metrics.observe('push_seconds', seconds)
    lines = metrics.text(**GAUGES).splitlines()
    assert f'{PREFIX}agents 3.0' in lines
    assert f'{PREFIX}received_total{{type="completed"}} 2.0' in lines
    assert f'{PREFIX}push_seconds_bucket{{le="0.005"}} 1.0' in lines
    assert f'{PREFIX}push_seconds_bucket{{le="0.05"}} 3.0' in lines
    assert f'{PREFIX}push_seconds_bucket{{le="+Inf"}} 4.0' in lines
    assert f'{PREFIX}push_seconds_count 4.0' in lines
    assert {line.split()[2].removeprefix(PREFIX) for line in lines if line.startswith('# TYPE')} == set(METRICS)
    for line in lines:
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]+"(,\w+="[^"]+")*\})? [0-9.e+]+', line), line
