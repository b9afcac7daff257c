"""Hypothesis chooses what happens at a desk, and shortens what breaks a promise; see `machine`.

`PERMISSION_EXAMPLES=5000` makes more runs, and with `PERMISSION_SHORTEN=0` it is enough to know that one failed.
"""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.permission.machine import EXAMPLES, SHORTEN, STEPS, DeskMachine
from tests.permission.virtual_time import install


def test_every_run_keeps_the_promises(monkeypatch):
    install(monkeypatch, lambda: DeskMachine.current)
    run_state_machine_as_test(DeskMachine, settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, report_multiple_bugs=False, deadline=None,
        phases=[phase for phase in Phase if SHORTEN or phase not in {Phase.shrink, Phase.explain}],
        suppress_health_check=list(HealthCheck)))
