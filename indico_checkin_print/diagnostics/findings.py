"""What the checks of an installation are given and what they find: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


#: The levels of a finding: all is well; worth knowing, but badges come out; badges do not come out, or come out late
OK, WARN, WRONG = 'OK', 'WARN', 'WRONG'


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    name: str
    level: str
    words: str


@dataclass(frozen=True)
class LastBeat:
    """A heartbeat: how long ago, in seconds, and more about it."""

    age: float
    detail: str = ''


@dataclass(frozen=True)
class Answer:
    """What an HTTP request got: a status and a JSON object, or an error in words."""

    status: int | None = None
    data: Mapping = field(default_factory=dict)
    error: str = ''


@dataclass(frozen=True)
class Pile:
    """Jobs of one kind: how many, and for how many seconds the oldest has waited."""

    count: int = 0
    oldest: float = 0


def duration(seconds):
    """Return a duration in words: `90` is *90 s*, `300` is *5 min*."""
    for unit, size in (('days', 86400), ('h', 3600), ('min', 60)):
        if seconds >= 2 * size:
            return f'{seconds / size:.0f} {unit}'
    return f'{seconds:.0f} s'


def ago(seconds):
    """Return how long ago something was, in words."""
    return f'{duration(max(0, seconds))} ago'
