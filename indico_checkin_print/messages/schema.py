"""The JSON schema of what a webhook gets, made from the types of the messages.

``python -m indico_checkin_print.messages.schema > docs/webhook-v1.schema.json`` writes it down; a test compares.
"""

import json
from functools import reduce
from operator import or_

import msgspec

from indico_checkin_print.messages.webhook import MESSAGES


def schema():
    """Return the schema as a dict. It allows more properties everywhere: a version may gain some."""
    rules = msgspec.json.schema(reduce(or_, MESSAGES))
    for rule in rules['$defs'].values():
        # what has a default is sent as well, so a receiver can rely on it
        properties = rule['properties']
        rule['required'] = [name for name, value in properties.items()
                            if name in rule['required'] or 'default' in value]
        for value in properties.values():
            value.pop('default', None)
    return {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': 'What a webhook of Indico Check-in Print gets, version 1',
        **rules,
    }


if __name__ == '__main__':
    print(json.dumps(schema(), indent=2))  # noqa: T201
