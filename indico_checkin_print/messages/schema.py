"""The JSON schema of what a webhook gets, made from the code that builds it.

``python -m indico_checkin_print.delivery.schema > docs/webhook-v1.schema.json`` writes it down; a test compares.
"""

import json

import msgspec

from print_agent.protocol.messages import Delivery
from print_agent.protocol.messages import Job as JobMessage

from indico_checkin_print.messages.payload import FIELDS, VALUE_SCHEMA


TYPES = ('badge.print', 'registration.checked_in', 'checkin.undone', 'webhook.test')
VERSION = msgspec.structs.fields(Delivery)[-1].default
_INT, _TEXT, _TIME = {'type': 'integer'}, {'type': 'string'}, {'type': 'string', 'format': 'date-time'}


def schema():
    """Return the schema as a dict. It allows more properties everywhere: a version may gain some."""
    registration = {
        'id': _INT,
        'form': _object({'id': _INT, 'title': _TEXT}),
        'checked_in_dt': {'type': ['string', 'null'], 'format': 'date-time'},
    }
    chosen = {
        **{key: field.schema for key, field in FIELDS.items()},
        'fields': {'type': 'array', 'items': _object({'id': _INT, 'title': _TEXT, 'value': VALUE_SCHEMA})},
    }
    data = _object({'event': _object({'id': _INT, 'title': _TEXT, 'url': _TEXT})})
    data['properties'] |= {
        'job': {'$ref': '#/$defs/job'},
        'callback': _TEXT,
        'registration': {**_object(registration, chosen), 'description': 'Other fields are there if they are chosen.'},
    }
    return {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': 'What a webhook of Indico Check-in Print gets, version 1',
        **_object({'type': {'enum': list(TYPES)}, 'version': {'const': VERSION}, 'timestamp': _TIME, 'data': data}),
        'allOf': [
            # the test badge of a desk belongs to no registration
            _when('badge.print', ['event', 'job', 'callback']),
            _when('registration.checked_in', ['event', 'registration']),
            _when('checkin.undone', ['event', 'registration']),
        ],
        '$defs': {'job': _job()},
    }


def _object(required, optional=None):
    return {'type': 'object', 'required': list(required), 'properties': {**required, **(optional or {})}}


def _when(kind, required):
    return {'if': {'properties': {'type': {'const': kind}}},
            'then': {'properties': {'data': {'required': required}}}}


def _job():
    __, components = msgspec.json.schema_components([JobMessage])
    job = components['Job']
    # nothing is left out of a message
    properties = {key: {name: value for name, value in rule.items() if name != 'default'}
                  for key, rule in job['properties'].items()}
    return {'description': job['description'], **_object(properties)}


if __name__ == '__main__':
    print(json.dumps(schema(), indent=2))  # noqa: T201
