"""What the relay counts, as Prometheus reads it (text format 0.0.4)."""

import os
import time

import prometheus_client


PREFIX = 'checkin_print_relay_'
#: name -> (type, help, label if it has one). A test compares it with ``docs/install.md``.
METRICS = {
    'agents': ('gauge', 'Agents that are connected to this relay.'),
    'boards': ('gauge', 'Browsers that show the board of a desk through this relay.'),
    'in_flight': ('gauge', 'Badges that are with these agents.'),
    'database_up': ('gauge', '1 while PostgreSQL notifies this relay.'),
    'connections_total': ('counter', 'Tries to connect, by result.', 'result'),
    'links_ended_total': ('counter', 'Links that ended, by reason.', 'reason'),
    'received_total': ('counter', 'Messages of agents, by type.', 'type'),
    'sent_total': ('counter', 'Messages to agents, by type.', 'type'),
    'document_bytes_total': ('counter', 'Bytes of the badges that were sent.'),
    'nonsense_total': ('counter', 'Messages of agents that made no sense.'),
    'slowed_total': ('counter', 'Messages that were read later because their agent sent too many.'),
    'database_calls_total': ('counter', 'Transactions, by what they were for.', 'call'),
    'database_seconds_total': ('counter', 'Seconds that they took, the wait for a thread included.', 'call'),
    'database_errors_total': ('counter', 'Transactions that failed.'),
    'push_seconds': ('histogram', 'From the moment when there is something to send to an agent until it is sent.'),
    'posts_in_flight': ('gauge', 'POSTs to webhooks that are under way.'),
    'posts_total': ('counter', 'POSTs to webhooks, by status or error.', 'result'),
    'post_seconds': ('histogram', 'How long receivers of webhooks took to answer.'),
    'memory_bytes': ('gauge', 'Resident memory of this process.'),
    'start_time_seconds': ('gauge', 'When this process began, in seconds since 1970.'),
}
#: Upper ends of the buckets of histograms, in seconds.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Counts of one relay. Names are those of `METRICS`, without `PREFIX`."""

    def __init__(self):
        # when each series began is another metric to Prometheus; that of the process says enough
        prometheus_client.disable_created_metrics()
        self._registry = prometheus_client.CollectorRegistry()
        self._metrics = {name: self._register(name, *metric) for name, metric in METRICS.items()}
        self._metrics['memory_bytes'].set_function(_memory)
        self._metrics['start_time_seconds'].set(time.time())

    def _register(self, name, kind, words, *labels):
        if kind == 'histogram':
            return prometheus_client.Histogram(PREFIX + name, words, buckets=BUCKETS, registry=self._registry)
        make = prometheus_client.Gauge if kind == 'gauge' else prometheus_client.Counter
        return make(PREFIX + name, words, labels, registry=self._registry)

    def count(self, name, value=1, **labels):
        """Add to a counter."""
        metric = self._metrics[name]
        (metric.labels(**labels) if labels else metric).inc(value)

    def observe(self, name, seconds):
        """Add one observation to a histogram."""
        self._metrics[name].observe(seconds)

    def text(self, **gauges):
        """Return everything, with these gauges, as Prometheus reads it."""
        for name, value in gauges.items():
            self._metrics[name].set(value)
        return prometheus_client.generate_latest(self._registry).decode()


def _memory():
    try:
        with open('/proc/self/statm') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except OSError:
        return 0  # not on Linux
