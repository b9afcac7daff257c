"""Recognizes a badge among the jobs of a printer that hides the names of jobs, or changes them.

There are three ways, and each printer allows one: by the name, which begins with a tag of ours; as the only new job of
our user since just before the badge was given to CUPS; or not at all, and then the badge is ``sent``.
"""

import contextlib
import logging
import re
import time
from typing import Literal
from uuid import uuid4

from print_agent.errors import Unreachable
from print_agent.printing.backend import is_named, short_tag
from print_agent.printing.ipp import IppClient, ListedJob


log = logging.getLogger(__name__)

#: How a badge is recognized: by its ``name``, as the only ``new`` job of our user, or not (``none``).
Way = Literal['name', 'new', 'none']
#: A job that was handed over may be missing for so long before its printer is tried for the reason, in seconds.
TRIAL_DELAY = 0.5
#: Pause between two tries while the printer is busy, in seconds.
TRIAL_INTERVAL = 2.0
_OURS = re.compile(r'[0-9a-f]{12}\b')


class Recognizer:
    """Looks for one badge at its printer. Every method raises :class:`Unreachable` when that does not answer.

    :param newest: the highest number of our jobs there before the badge was given to CUPS; None if it is not known
    """

    def __init__(self, ipp: IppClient, tag: str, newest: int | None):
        self._ipp = ipp
        self._tag = tag
        self._newest = newest
        self._restarts = ipp.restarts
        #: The number by which the job is known; None while it goes by its name.
        self._number: int | None = None
        self._is_ambiguous = False
        self._due: float | None = None
        self._tried: float | None = None

    @property
    def is_nameless(self) -> bool | None:
        """Whether the printer does not show the name of the badge; None: not known, as it cannot be tried now."""
        return None if self._ipp.way is None else self._ipp.way != 'name'

    async def jobs(self, *, is_due: bool, is_delivered: bool) -> list[ListedJob]:
        """The jobs at the printer that are this badge, the one that matters most first.

        :param is_due: whether it should be there by now
        :param is_delivered: whether CUPS is done with it; before that, a new job may be somebody else's
        """
        jobs = await self._ipp.jobs(self._tag)
        if jobs:
            self._ipp.way = 'name'
            return jobs
        if self._number is not None:
            job = await self.recheck(self._number)
            return [] if job is None else [job]
        if not is_due:
            self._due = None
            return []
        new = await self._new()
        if self._ipp.way != 'new' and not self._is_shown_by(new) and (is_delivered or self._ipp.way is None):
            await self._learn()
        if self._ipp.way != 'new' or len(new) != 1 or not is_delivered:
            return []
        self._number = new[0].id
        log.info('job %s is known as the only new one, number %d', self._tag, self._number)
        return new

    async def recheck(self, number: int) -> ListedJob | None:
        """Ask for a job found before; None if the printer has forgotten it or counts from the start again."""
        if self._number is None:
            return await self._ipp.job(number, self._tag)
        job = await self._ipp.job(number)
        # a number without a name proves nothing once the printer was switched off and on
        return None if await self._ipp.restarted_since(self._restarts) else job

    async def _new(self) -> list[ListedJob]:
        if self._newest is None or self._is_ambiguous:
            return []
        new = [job for job in await self._ipp.own_jobs() if job.id > self._newest and job.id not in self._ipp.tries]
        if len(new) > 1:
            self._is_ambiguous = True
            log.warning('job %s cannot be known at its printer: it has %d new jobs', self._tag, len(new))
            return []
        return new

    def _is_shown_by(self, new: list[ListedJob]) -> bool:
        """Whether the new job shows that names are hidden: it is certainly our user's and has none."""
        if len(new) == 1 and not new[0].name and new[0].is_ours:
            self._ipp.way = 'new'
            return True
        return False

    async def _learn(self) -> None:
        """Find out why the job is not seen: names are hidden, or it is not there."""
        now = time.monotonic()
        if self._due is None:
            self._due = now
        is_tried = self._tried is not None and (self._ipp.way is not None or now < self._tried + TRIAL_INTERVAL)
        if now >= self._due + TRIAL_DELAY and not is_tried:
            self._ipp.way = await try_out(self._ipp)
            self._tried = now


async def newest(ipp: IppClient) -> int | None:
    """The number before the next job of our user. None if it is not needed, as names are shown, or cannot be had."""
    if ipp.way == 'name':
        return None
    with contextlib.suppress(Unreachable):  # then the badge will be found by its name, or be "sent"
        return max((job.id for job in await ipp.own_jobs()), default=0)
    return None


async def way(ipp: IppClient) -> Way | None:
    """Find out how badges will be known at a printer; None if it is too busy to say. Raises :class:`Unreachable`."""
    if any(_OURS.match(job.name) for job in await ipp.own_jobs()):
        return 'name'
    return await try_out(ipp)


async def try_out(ipp: IppClient) -> Way | None:
    """Give the printer a job without a document, see what it shows of it, and cancel it. Nothing is printed."""
    tag = str(uuid4())
    try:
        number = await ipp.create_job(f'{short_tag(tag)} print-agent [{tag}]')
    except Unreachable as exc:
        return 'none' if exc.unreadable else None
    try:
        job = next((job for job in await ipp.own_jobs() if job.id == number), None)
    except Unreachable:
        return None
    finally:
        try:
            await ipp.cancel(number)
        except Unreachable as exc:
            log.info('the empty job %d is left at the printer, which gives it up after a while: %s', number, exc)
    return 'none' if job is None else 'name' if is_named(job.name, tag) else 'new'
