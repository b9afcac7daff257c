"""What happened to the connections since the agent started, for people who ask later why a badge was late."""

import time
from collections import deque
from collections.abc import Sequence

from msgspec import Struct

from print_agent.connection.link import Link
from print_agent.protocol import messages as p


#: Changes that are remembered.
MAX_CHANGES = 100


class Connection(Struct, frozen=True, kw_only=True):
    """The link to one Indico as it is now."""

    id: str
    url: str
    event: str
    agent: str
    #: ``stream``, ``poll`` or ``down``.
    state: str
    words: str
    since: float


class Change(Struct, frozen=True, kw_only=True):
    """A link changed its state."""

    time: float
    id: str
    event: str
    state: str
    words: str


class Call(Struct, frozen=True, kw_only=True):
    """A desk that calls the tech."""

    #: The link that said so, and the number of the desk there.
    id: str
    desk: int
    name: str
    event: str
    since: float
    #: Who called and who is on the way; empty for programs.
    by: str
    answered_by: str
    answered: bool


class History:
    """Watches the links: call :meth:`update` often."""

    def __init__(self, links: Sequence[Link]):
        self._links = links
        self._changes: deque[Change] = deque(maxlen=MAX_CHANGES)
        self._now: dict[str, Change] = {}
        self._since: dict[str, float] = {}
        #: Grows with every change.
        self.count = 0

    def update(self) -> None:
        """Note what changed since the last call."""
        for link in self._links:
            paired, words = link.pairing, in_words(link.state, link.problem)
            old = self._now.get(paired.id)
            if old is not None and (old.state, old.words) == (link.state, words):
                continue
            now = time.time()
            if old is None or old.state != link.state:
                self._since[paired.id] = now
            self._now[paired.id] = Change(time=now, id=paired.id, event=paired.event_title, state=link.state,
                                          words=words)
            self._changes.appendleft(self._now[paired.id])
            self.count += 1

    def connections(self) -> tuple[Connection, ...]:
        """All links, as they were at the last update."""
        return tuple(
            Connection(id=link.pairing.id, url=link.pairing.url, event=link.pairing.event_title,
                       agent=link.pairing.agent_name, state=now.state, words=now.words,
                       since=self._since[link.pairing.id])
            for link in self._links if (now := self._now.get(link.pairing.id)) is not None)

    def calls(self, *, names: bool) -> tuple[Call, ...]:
        """All desks that call the tech, the one that has waited longest first. ``names``: whether to say who."""
        calls = [Call(id=link.pairing.id, desk=call.desk, name=call.name, event=link.pairing.event_title, since=since,
                      by=call.by if names else '', answered_by=call.answered_by if names else '',
                      answered=bool(call.answered_by))
                 for link in self._links for call, since in link.calls]
        return tuple(sorted(calls, key=lambda call: call.since))

    def answer_call(self, id_: str, desk: int, *, done: bool) -> bool:
        """Say to Indico that somebody is on the way to a desk, or is done there. Return whether it listens."""
        for link in self._links:
            if link.pairing.id == id_ and link.state != 'down':
                link.put(p.CallAnswer(desk=desk, done=done))
                return True
        return False

    def changes(self) -> tuple[Change, ...]:
        """What happened, newest first."""
        return tuple(self._changes)


def in_words(state: str, problem: str) -> str:
    """A state of a link, for people."""
    match state:
        case 'stream':
            return 'Connected.'
        case 'poll':
            return 'Connected by polling: badges come up to two seconds later.'
    return f'{problem[0].upper()}{problem[1:].rstrip(".")}.' if problem else 'Connecting…'
