"""The benchmark: what printing costs a check-in, and how long a badge is on its way. ``docs/benchmark.md`` explains it.

Everything is measured in one run on one stack, because only ratios within a run mean something on a shared machine.
"""
