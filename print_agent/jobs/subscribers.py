"""Who hears what becomes of jobs: the servers that are connected, and the senders of webhooks."""

from collections.abc import Callable

from print_agent.jobs import decisions
from print_agent.protocol import messages as p
from print_agent.spool.job import Entry


#: Takes a message for a server.
Subscriber = Callable[[p.FromAgent], None]


class Subscribers:
    """Those who listen now, by the source of their jobs."""

    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}
        self._orphaned: set[str] = set()

    def listen(self, source: str, subscriber: Subscriber | None) -> None:
        """Send messages about jobs of ``source`` to this function from now on; None: nobody is there."""
        if subscriber is None:
            self._subscribers.pop(source, None)
        else:
            self._subscribers[source] = subscriber

    def orphan(self, source: str) -> None:
        """Nobody will ever ask how the jobs of this source ended."""
        self._orphaned.add(source)

    def adopt(self, source: str) -> None:
        """Somebody asks again."""
        self._orphaned.discard(source)

    def wait_for(self, entry: Entry) -> bool:
        """Whether somebody waits for the outcome of a job, now or later."""
        return decisions.has_listener(entry) and entry.source not in self._orphaned

    def notify(self, source: str, *messages: p.FromAgent) -> None:
        """Send messages to a source, if it listens."""
        if (subscriber := self._subscribers.get(source)) is not None:
            for message in messages:
                subscriber(message)
