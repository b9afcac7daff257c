"""Reads what Prometheus reads (text format 0.0.4), and takes nothing that is not exactly as the format says."""

import re


NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
NUMBER = r'[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|Inf)|NaN'
HELP = re.compile(rf'# HELP ({NAME}) (?:[^\\\n]|\\[\\n])+')
TYPE = re.compile(rf'# TYPE ({NAME}) (counter|gauge|histogram)')
SAMPLE = re.compile(rf'({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? ({NUMBER})')
BUCKET = re.compile(rf'\{{le="({NUMBER})"\}}')


def read_metrics(text):
    """Return all samples, name and labels -> number. Raises `AssertionError` on whatever the format forbids."""
    assert text.endswith('\n')
    samples, kinds, explained, family = {}, {}, None, None
    for line in text.splitlines():
        if match := HELP.fullmatch(line):
            explained = match[1]
        elif match := TYPE.fullmatch(line):
            # in one piece, with its words before it
            assert match[1] == explained, line
            assert match[1] not in kinds, line
            family = match[1]
            kinds[family] = match[2]
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            suffixes = ('_bucket', '_sum', '_count') if kinds[family] == 'histogram' else ('',)
            assert match[1] in {family + suffix for suffix in suffixes}, line
            key = match[1] + (match[2] or '')
            assert key not in samples, line
            samples[key] = float(match[3])
    for name, kind in kinds.items():
        if kind == 'counter':
            assert name.endswith('_total'), name
            assert all(value >= 0 for key, value in samples.items() if key.partition('{')[0] == name), name
        elif kind == 'histogram':
            _check_histogram(name, samples)
    return samples


def _check_histogram(name, samples):
    buckets = [(float(BUCKET.fullmatch(key.removeprefix(f'{name}_bucket'))[1]), count)
               for key, count in samples.items() if key.startswith(f'{name}_bucket')]
    assert buckets == sorted(buckets), name
    assert [count for __, count in buckets] == sorted(count for __, count in buckets), name
    assert buckets[-1] == (float('inf'), samples[f'{name}_count']), name
    assert samples[f'{name}_sum'] >= 0, name
