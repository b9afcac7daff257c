"""Long random walks through the state machine of `machine`: Hypothesis likes variations of short runs.

`PERMISSION_SEED=x` takes other walks, `PERMISSION_EXAMPLES` and `PERMISSION_SHORTEN` are those of `state_machine_test`.
"""

import os
import random

import pytest

from tests.permission.machine import CHOICES, COUNTS, EXAMPLES, SHORTEN, STEPS, WAYS, DeskMachine
from tests.permission.virtual_time import install


SEED = os.environ.get('PERMISSION_SEED', 'a desk')


def run(steps):
    """Make a run: `steps` yields (function, arguments) when it is given the machine. Return (steps, what broke)."""
    machine, made = DeskMachine(), []
    try:
        for function, values in steps(machine):
            made.append((function, values))
            function(machine, **values)
            machine.what_the_ledger_says_is_true()
        machine.teardown()
    except AssertionError as exc:
        return made, exc
    return made, None


def random_steps(random_):
    """Choose the steps of a long run."""
    def _steps(machine):
        yield DeskMachine.begin, {'count': random_.choice(COUNTS), 'ways': random_.choice(WAYS)}
        for _ in range(2 * STEPS):
            rules = [r for r in machine.rules if all(condition(machine) for condition in r.preconditions)]
            chosen = random_.choice(rules)
            yield chosen.function, {name: random_.choice(CHOICES[id(strategy)])
                                    for name, strategy in chosen.arguments.items()}
    return _steps


def replayed(made):
    """Take the steps of a run once more, as far as they are still possible."""
    def _steps(machine):
        conditions = {r.function: r.preconditions for r in machine.rules}
        for function, values in made:
            if all(condition(machine) for condition in conditions.get(function, ())):
                yield function, values
    return _steps


def shortened(made):
    """Leave out what is not needed to break a promise."""
    size = len(made) // 2
    while size:
        for start in range(len(made) - size, 0, -1):
            shorter = made[:start] + made[start + size:]
            if run(replayed(shorter))[1] is not None:
                made = shorter
        size //= 2
    return made


@pytest.mark.parametrize('part', range(4))
def test_long_runs_keep_the_promises(monkeypatch, part):
    install(monkeypatch, lambda: DeskMachine.current)
    for number in range(3 * EXAMPLES // 4):
        made, broken = run(random_steps(random.Random(f'{SEED} {part} {number}')))
        if broken is not None:
            if not SHORTEN:
                raise broken
            made = shortened(made)
            pytest.fail(f'{run(replayed(made))[1]}\n' + '\n'.join(f'{f.__name__} {v}' for f, v in made))
