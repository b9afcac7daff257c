"""Named runs of the whole stack, each with facts that must hold: ``make scenario NAME=...``.

A scenario is a function with the decorator `scenario`, in a file of this folder that ``FILES`` names. It returns a
`Facts` (see ``facts.py``) and a dict with what the scenario is about; it fails by adding sentences to ``faults``.
"""

import importlib


FILES = ('ways', 'outages', 'repeats', 'holds', 'printers', 'queues', 'agents', 'crashes', 'links', 'load',
         'webhooks', 'slow', 'truth', 'desks', 'desk_rules', 'boards', 'scan_station', 'walk_ins', 'kiosks',
         'batches', 'scripts', 'hostile_text', 'labels', 'pictures', 'codes',
         'prepared', 'parts', 'preflight', 'certificates')
#: name -> (function, sentence)
_found = {}


def scenario(name, sentence):
    """Register a scenario under a name, with one sentence for the list."""
    def register(function):
        _found[name] = (function, sentence)
        return function
    return register


def all_scenarios():
    """Return all scenarios: name -> (function, sentence)."""
    for file in FILES:
        importlib.import_module(f'tests.stack.scenarios.{file}')
    return _found
