"""What a person at this computer can do with the running agent: pause, test, reprint, answer a question.

None of it needs a network. What Indico has to know is committed to the spool first and sent as soon as it listens; it
never hears of what it must not mix up with its own jobs (test pages, reprints).
"""

import hashlib
import json
import logging
import time
import uuid

import msgspec
from msgspec import UNSET

from print_agent.errors import ActionRefused, CalibrationLost
from print_agent.jobs import decisions
from print_agent.jobs.manager import Jobs
from print_agent.printing import test_page
from print_agent.printing.calibrations import Layouts
from print_agent.printing.layout import Layout
from print_agent.printing.printer_list import Printers
from print_agent.protocol import calibration_sheet
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.protocol.calibration import Answers, Calibration, find, size_of
from print_agent.protocol.errors import WrongAnswer
from print_agent.spool.job import ENDED, REPEATABLE, Entry, SourceKind, State
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)

#: How long what a person asked for waits for its printer, in seconds.
PRINT_WITHIN = 120.0
#: Characters of a job's id that are needed at least.
MIN_ID_LENGTH = 4
_NOTE = 'paused'


class Pauses:
    """Which printers are paused, written down so that a restart does not forget it."""

    def __init__(self, spool: Spool):
        self._spool = spool
        noted = json.loads(spool.note(_NOTE) or '{}')
        #: Whether all are, also those that are not there yet.
        self.all: bool = noted.get('all', False)
        self.names: frozenset[str] = frozenset(noted.get('printers', ()))

    def __contains__(self, printer: str) -> bool:
        return self.all or printer in self.names

    def set(self, *, everything: bool, names: frozenset[str]) -> None:
        """Write down and use these from now on."""
        self._spool.set_note(_NOTE, json.dumps({'all': everything, 'printers': sorted(names)}))
        self.all, self.names = everything, names


class Control:
    """The actions. Everything raises :class:`ActionRefused` when it cannot be done.

    :param layouts: the shape that each printer wants
    """

    def __init__(self, spool: Spool, jobs: Jobs, printers: Printers, layouts: Layouts | None = None):
        self._layouts = layouts or Layouts()
        self._spool = spool
        self._jobs = jobs
        self._printers = printers
        self.pauses = Pauses(spool)
        jobs.paused = printers.paused = self.is_paused

    def is_paused(self, printer: str) -> bool:
        """Whether a person paused this printer here."""
        return printer in self.pauses

    def pause(self, printer: str | None = None) -> None:
        """Start no badge of a server on a printer, or on any. The one in the printer comes out."""
        if printer is None:
            self.pauses.set(everything=True, names=frozenset())
        else:
            self._known(printer)
            if printer not in self.pauses:
                self.pauses.set(everything=False, names=self.pauses.names | {printer})
        log.info('paused: %s', 'all printers' if printer is None else printer)
        # Sent first, so that what is returned does not come back here.
        self._printers.recheck()
        for name in self._spool.printers():
            if self.is_paused(name):
                self._jobs.return_granted(name)

    def resume(self, printer: str | None = None) -> None:
        """Print again on a printer, or on all."""
        if printer is None:
            self.pauses.set(everything=False, names=frozenset())
        else:
            if printer not in self.pauses.names:
                self._known(printer)
            paused = self._names() if self.pauses.all else self.pauses.names
            self.pauses.set(everything=False, names=paused - {printer})
        log.info('resumed: %s', 'all printers' if printer is None else printer)
        self._printers.recheck()
        for name in self._names():
            if not self.is_paused(name):
                self._jobs.waker(name).set()

    def test(self, printer: str) -> Entry:
        """Print a page made here that shows size and place of the print. Also on a paused printer."""
        width, height = self._size(printer, self._layouts.of(printer))
        document = test_page.make(printer, width, height, time.localtime())
        return self._print(printer, document, prefix='test', title='Test page', kind='test', width=width,
                           height=height)

    def find(self, job: str) -> Entry:
        """The job whose id is, or begins with, this; as in the log it may end in its dispatch: ``b1c7….2``.

        ``last``: the badge that was printed last, or may have been.
        """
        if job == 'last':
            if (last := self._spool.last_printed()) is None:
                raise ActionRefused('unknown_job', 'No badge was printed here yet.')
            return last
        beginning, _, dispatch = job.rpartition('.')
        wanted = beginning if beginning and dispatch.isdecimal() else job
        found = self._spool.begins(wanted) if len(wanted) >= MIN_ID_LENGTH else []
        exact = [entry for entry in found if entry.job == wanted]
        if len(exact or found) != 1:
            raise ActionRefused('unknown_job', f'Several badges begin with "{job}". Give more of the id.' if found else
                               f'There is no badge "{job}" here. "print-agent status" shows the latest and their ids.'
                               if len(wanted) >= MIN_ID_LENGTH else
                               f'"{job}" is too short for the id of a badge: give at least {MIN_ID_LENGTH} characters '
                               f'of it, as "print-agent status" shows them, or "last".')
        return (exact or found)[0]

    def get(self, seq: int) -> Entry:
        """The job with this number in the spool."""
        if (entry := self._spool.get(seq)) is None:
            raise ActionRefused('unknown_job', 'This job is not in the spool any more.')
        return entry

    def reprint(self, entry: Entry, printer: str | None = None) -> Entry:
        """Print a badge once more, from the copy that was kept. Indico keeps what it knows about the original."""
        origin = entry.origin or entry.job
        if entry.state is State.unknown:
            raise ActionRefused('question', 'Nobody knows whether this badge came out. Answer that first, on the local '
                                           'page or in Indico.')
        if entry.state not in REPEATABLE:
            raise ActionRefused('not_printed', 'This badge was not printed here. Indico assigns it to a printer.'
                               if entry.state in ENDED else 'This badge is still on its way.')
        document = self._spool.document(entry.seq)
        if document is None:
            raise ActionRefused('forgotten', 'The PDF of this badge is not kept any more. Print it again in Indico.')
        if any(each.source_kind is SourceKind.local and each.origin == origin for each in self._spool.open()):
            raise ActionRefused('already', 'This badge is being printed again already.')
        return self._reprint(entry, document, printer or entry.printer)

    def answer(self, entry: Entry, *, came_out: bool) -> Entry:
        """Enter what a person saw of an unknown job. If it did not come out, its sender prints it again."""
        if entry.state is not State.unknown:
            raise ActionRefused('answered', 'This question was answered already.')
        if not came_out and not entry.gone:
            raise ActionRefused('still_queued', 'The print service still has this badge, so it may still come out. '
                                                'Wait until it is gone there, or cancel it there.')
        # Nobody else could send it again.
        ours = not decisions.has_listener(entry)
        document = self._spool.document(entry.seq) if ours and not came_out else None
        if ours and not came_out and document is None:
            raise ActionRefused('forgotten', 'The PDF of this badge is not kept any more, so it cannot be printed '
                                            'again here.')
        if document is not None:
            self._known(entry.printer)
        self._jobs.answered(entry, came_out=came_out)
        if document is not None:
            return self._reprint(entry, document, entry.printer)
        return self.get(entry.seq)

    # -- calibration --------------------------------------------------------------------------------------------------

    def print_calibration_sheet(self, printer: str) -> Entry:
        """Print the sheet on which one sees where a printer puts a page, without any calibration."""
        size = self._size(printer, self._layouts.settings(printer).calibrated(Calibration()))
        return self._print(printer, calibration_sheet.make(printer, size), prefix='calibrate',
                           title='Calibration sheet', kind='test', width=size[0], height=size[1],
                           calibration=Calibration(alone=True))

    def calibrate(self, printer: str, code: str, answers: Answers) -> Calibration:
        """Write down what is seen on a calibration sheet; return what brings badges right from now on."""
        self._known(printer)
        try:
            found = find(answers, size_of(printer, code))
            self._layouts.calibrate(printer, found)
        except WrongAnswer as exc:
            raise ActionRefused('wrong_answer', exc.detail) from exc
        except CalibrationLost as exc:
            raise ActionRefused('not_written', exc.detail) from exc
        self._printers.recheck()
        return found

    def forget_calibration(self, printer: str) -> None:
        """Print on a printer as if it had never been calibrated here."""
        if self._layouts.found_here(printer) is None:
            self._known(printer)
        try:
            self._layouts.calibrate(printer, None)
        except CalibrationLost as exc:
            raise ActionRefused('not_written', exc.detail) from exc
        self._printers.recheck()

    def calibration(self, printer: str) -> Calibration | None:
        """What was found for a printer here."""
        return self._layouts.found_here(printer)

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _names(self) -> frozenset[str]:
        return frozenset(printer.name for printer in self._printers.all())

    def _known(self, printer: str) -> None:
        if self._printers.known(printer) is not True:
            names = ', '.join(sorted(self._names()))
            raise ActionRefused('unknown_printer', f'There is no printer "{printer}" here. '
                               f'{f"Printers here: {names}." if names else "There is none at all yet."}')

    def _size(self, printer: str, layout: Layout) -> tuple[float, float]:
        """The size of a page for a printer that no badge decides."""
        self._known(printer)
        media = next((each.media for each in self._printers.all() if each.name == printer), ())
        return test_page.size(media, self._spool.last_size(printer), layout)

    def _reprint(self, entry: Entry, document: bytes, printer: str) -> Entry:
        self._known(printer)
        if entry.kind == 'test' and entry.source_kind is SourceKind.local:
            title, prefix = entry.title, 'test'
        else:
            title, prefix = f'Reprint of {entry.origin or entry.job}', 'reprint'
        # it is about the printer that it was sent to
        sent = (msgspec.json.decode(entry.calibration, type=Calibration)
                if entry.calibration and printer == entry.printer else None)
        return self._print(printer, document, prefix=prefix, title=title, kind=entry.kind, width=entry.width_mm,
                           height=entry.height_mm, copies=entry.copies, pages=entry.pages, name=entry.name,
                           origin=entry.origin or entry.job, calibration=sent)

    def _print(self, printer: str, document: bytes, *, prefix: str, title: str, kind: str, width: float, height: float,
               copies: int = 1, pages: int = 1, name: str = '', origin: str = '',
               calibration: Calibration | None = None) -> Entry:
        for reason, so in (('spool_full', self._jobs.full), ('stopping', self._jobs.stopping)):
            if so:
                raise ActionRefused(reason, reasons.sentence(reason))
        return self._jobs.print_here(p.Job(
            job=f'{prefix}-{uuid.uuid4().hex[:12]}', dispatch=1, printer=printer, title=title, name=name,
            kind=kind, copies=copies, pages=pages, width_mm=width, height_mm=height,  # type: ignore[arg-type]
            length=len(document), sha256=hashlib.sha256(document).hexdigest(), expires_in=PRINT_WITHIN, go=True,
            print_within=PRINT_WITHIN, calibration=UNSET if calibration is None else calibration), document, origin)
