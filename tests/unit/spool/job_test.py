"""The states of a job in the spool, and the sources that it can have."""

import pytest

from print_agent.protocol.messages import HeldState
from print_agent.spool.job import (AT_PRINTER, ENDED, LOCAL, NOT_PRINTED, REPEATABLE, UNTOUCHED, Source, SourceKind,
                                   State)


@pytest.mark.parametrize(('text', 'kind', 'name'), [
    (LOCAL, SourceKind.local, ''), ('door:desk1', SourceKind.webhook, 'desk1'), ('door:', SourceKind.webhook, ''),
    ('indico.example.com/7', SourceKind.pairing, 'indico.example.com/7')])
def test_sources_are_read_as_they_were_written(text, kind, name):
    source = Source.parse(text)
    assert (source.kind, source.name) == (kind, name)
    assert str(source) == text


def test_every_state_is_of_one_kind():
    assert set(State) == UNTOUCHED | AT_PRINTER | ENDED
    assert len(UNTOUCHED) + len(AT_PRINTER) + len(ENDED) == len(State)
    assert NOT_PRINTED | REPEATABLE <= ENDED


def test_servers_know_all_states_but_two():
    """What is being handed over counts as printing, and what was refused is not held."""
    assert {state.value for state in State} - {state.value for state in HeldState} == {'submitting', 'refused'}
