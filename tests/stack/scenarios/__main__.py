"""``make scenario NAME=...``: runs one scenario; the last line on standard output is one JSON object."""

import inspect
import json
import sys

from tests.stack.process import StartError
from tests.stack.scenarios import all_scenarios


def main():
    scenarios = all_scenarios()
    name = sys.argv[1] if len(sys.argv) > 1 else 'list'
    if name == 'list':
        width = max(map(len, scenarios))
        for name, (_function, sentence) in scenarios.items():
            print(f'{name:{width}}  {sentence}')
        return 0
    if name not in scenarios:
        print(f'There is no scenario {name!r}. There are: {", ".join(scenarios)}.', file=sys.stderr)
        return 2
    try:
        run = scenarios[name][0]
        try:
            inspect.signature(run).bind(*sys.argv[2:])
        except TypeError as exc:
            print(f'{name} {" ".join(sys.argv[2:])}: {exc}.', file=sys.stderr)
            return 2
        facts, about = run(*sys.argv[2:])
    except StartError as exc:
        print(exc, file=sys.stderr)
        return 1
    for fault in facts.faults:
        print(f'NOT AS IT SHOULD BE: {fault}')
    print(json.dumps(facts.as_dict(name) | about))
    return 1 if facts.faults else 0


if __name__ == '__main__':
    sys.exit(main())
