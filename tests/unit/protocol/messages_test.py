"""The messages by example: the corners that a reader should know. Their properties are in messages_properties_test."""

import json

import msgspec
import pytest

from print_agent.protocol import errors
from print_agent.protocol import messages as p

from tests.fakes.badges import make_job


def test_each_side_only_understands_what_the_other_may_say():
    with pytest.raises(errors.UnknownType):
        p.decode_from_agent(p.encode(make_job()))
    with pytest.raises(errors.UnknownType):
        p.decode_from_server(p.encode(p.Heartbeat()))


@pytest.mark.parametrize('change', [
    {'length': 0}, {'length': p.MAX_DOCUMENT + 1}, {'pages': p.MAX_PAGES + 1}, {'copies': 11}, {'width_mm': 0},
    {'height_mm': p.MAX_SIDE_MM + 1}, {'sha256': 'x'}, {'kind': 'poster'}, {'job': ''}, {'expires_in': -1}])
def test_headers_out_of_bounds_are_refused(change):
    data = {**msgspec.to_builtins(make_job()), **change}
    with pytest.raises(errors.ProtocolError):
        p.decode_from_server(json.dumps(data))


def test_all_outcomes_are_listed():
    assert set(p.OUTCOMES) == set(p.Outcome.__args__)
