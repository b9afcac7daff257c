"""No agent prints after Indico has given up on a go: the seconds of both sides, and those of docs/protocol.md."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from print_agent.connection import websocket
from print_agent.connection.proxy import Network
from print_agent.connection.websocket import MAX_TRANSIT, Stream
from print_agent.protocol.messages import Go

from indico_checkin_print.ledger.states import GO_MARGIN, PRINT_WITHIN
from indico_checkin_print.relay.session import aged


PROTOCOL = (Path(__file__).parents[2] / 'docs' / 'protocol.md').read_text()
#: How long an agent that is still in time may take to submit the document.
SUBMIT_TIMEOUT = 5  # seconds
seconds = st.floats(0, 60)


@pytest.mark.parametrize('words', [
    f'The server gives up {GO_MARGIN} seconds after `print_within`',
    f'on its way for longer than {MAX_TRANSIT:.0f} seconds counts from an earlier moment',
])
def test_documented_seconds(words):
    assert words in PROTOCOL


@pytest.fixture(scope='module')
def agent_at():
    """Return a function that returns the moment from which an agent counts what it reads at a time."""
    link = Stream('ws://indico', 'token', 'indico', None, tuple, network=Network())
    with pytest.MonkeyPatch.context() as patch:
        def _counts_from(read, asked):
            patch.setattr(websocket.clock, 'now', lambda: read)
            link._asked = asked
            return link._said()
        yield _counts_from


@given(held_up=seconds, asked_before=seconds, on_its_way=seconds)
@example(held_up=0, asked_before=0, on_its_way=MAX_TRANSIT)
@example(held_up=PRINT_WITHIN, asked_before=0, on_its_way=MAX_TRANSIT)
@example(held_up=20, asked_before=MAX_TRANSIT, on_its_way=0)
def test_an_agent_in_time_is_in_time_for_indico(agent_at, held_up, asked_before, on_its_way):
    """A go is decided at 0, and held up in the relay and in the network.

    What an agent knows for certain is only that its last ping was answered before the go was sent.
    """
    go = aged(Go(job='j', dispatch=1, print_within=PRINT_WITHIN), held_up)
    asked, read = held_up - asked_before, held_up + on_its_way
    latest = agent_at(read, asked) + go.print_within
    assert go.print_within == 0 or latest + SUBMIT_TIMEOUT <= PRINT_WITHIN + GO_MARGIN + 0.001


def test_a_healthy_link_shortens_no_go():
    # the last ping that was answered is at most so old
    assert websocket.PING_INTERVAL < MAX_TRANSIT
