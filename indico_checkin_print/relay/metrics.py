"""What the relay counts, as Prometheus reads it (text format 0.0.4).

Indico's environment has no client library for Prometheus, and the format is lines of text: a library would be another
dependency on every server for less than what is below.
"""

import os
import time
from bisect import bisect_left
from collections import defaultdict


PREFIX = 'checkin_print_relay_'
#: name -> (type, help). A test compares it with ``docs/install.md``.
METRICS = {
    'agents': ('gauge', 'Agents that are connected to this relay.'),
    'in_flight': ('gauge', 'Badges that are with these agents.'),
    'database_up': ('gauge', '1 while PostgreSQL notifies this relay.'),
    'connections_total': ('counter', 'Tries to connect, by result.'),
    'links_ended_total': ('counter', 'Links that ended, by reason.'),
    'received_total': ('counter', 'Messages of agents, by type.'),
    'sent_total': ('counter', 'Messages to agents, by type.'),
    'document_bytes_total': ('counter', 'Bytes of the badges that were sent.'),
    'nonsense_total': ('counter', 'Messages of agents that made no sense.'),
    'slowed_total': ('counter', 'Messages that were read later because their agent sent too many.'),
    'database_calls_total': ('counter', 'Transactions, by what they were for.'),
    'database_seconds_total': ('counter', 'Seconds that they took, the wait for a thread included.'),
    'database_errors_total': ('counter', 'Transactions that failed.'),
    'push_seconds': ('histogram', 'From the moment when there is something to send to an agent until it is sent.'),
    'posts_in_flight': ('gauge', 'POSTs to webhooks that are under way.'),
    'posts_total': ('counter', 'POSTs to webhooks, by status or error.'),
    'post_seconds': ('histogram', 'How long receivers of webhooks took to answer.'),
    'memory_bytes': ('gauge', 'Resident memory of this process.'),
    'start_time_seconds': ('gauge', 'When this process began, in seconds since 1970.'),
}
#: Upper ends of the buckets of histograms, in seconds.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Counts of one relay. Names are those of `METRICS`, without `PREFIX`."""

    def __init__(self):
        self._counts = defaultdict(float)
        self._buckets = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
        self._sums = defaultdict(float)
        self._started = time.time()

    def count(self, name, value=1, **labels):
        """Add to a counter."""
        self._counts[name, tuple(labels.items())] += value

    def observe(self, name, seconds):
        """Add one observation to a histogram."""
        self._buckets[name][bisect_left(BUCKETS, seconds)] += 1
        self._sums[name] += seconds

    def text(self, **gauges):
        """Return everything, with these gauges, as Prometheus reads it."""
        gauges |= {'memory_bytes': _memory(), 'start_time_seconds': self._started}
        lines = []
        for name, (kind, words) in METRICS.items():
            lines += [f'# HELP {PREFIX}{name} {words}', f'# TYPE {PREFIX}{name} {kind}']
            if kind == 'gauge':
                lines.append(f'{PREFIX}{name} {_number(gauges[name])}')
            elif kind == 'histogram':
                lines += self._histogram(name)
            else:
                lines += [f'{PREFIX}{name}{_labels(labels)} {_number(value)}'
                          for (counted, labels), value in sorted(self._counts.items()) if counted == name]
        return '\n'.join(lines) + '\n'

    def _histogram(self, name):
        total = 0
        for limit, count in zip((*BUCKETS, '+Inf'), self._buckets[name], strict=True):
            total += count
            yield f'{PREFIX}{name}_bucket{{le="{limit}"}} {total}'
        yield f'{PREFIX}{name}_sum {_number(self._sums[name])}'
        yield f'{PREFIX}{name}_count {total}'


def _labels(labels):
    # values are our own words and types of messages: there is nothing to escape
    return '{' + ','.join(f'{name}="{value}"' for name, value in labels) + '}' if labels else ''


def _number(value):
    return str(int(value)) if value == int(value) else f'{value:.6f}'


def _memory():
    try:
        with open('/proc/self/statm') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except OSError:
        return 0  # not on Linux
