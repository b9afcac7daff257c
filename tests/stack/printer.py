"""A virtual IPP printer (CUPS' own ``ippeveprinter``) that keeps every page it gets and fails on demand."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.stack.folder import subfolder
from tests.stack.process import Service, accepts, free_port


HERE = Path(__file__).parent
#: The kernel stamps files with the time of its last tick, which is up to this long ago, in seconds. It is added to the
#: first byte's time, so that a figure may be a few milliseconds too high but never too low.
TICK = time.clock_getres(time.CLOCK_REALTIME_COARSE) if hasattr(time, 'CLOCK_REALTIME_COARSE') else 0.0


@dataclass(frozen=True)
class Paper:
    """One document that came out of a printer. Times are wall clock, in seconds since 1970."""

    #: The PDF as the printer received it
    path: Path
    #: The printer's name
    printer: str
    #: When the printer had the first byte of the document
    first_byte: float
    #: When it had the last byte
    last_byte: float
    #: When the paper was out
    printed: float
    #: The job's title
    title: str

    @property
    def options(self):
        """What the job asked for, e.g. ``copies``, as text; only of a printer with `keep_options`."""
        lines = self.path.with_suffix('.options').read_text().splitlines()
        return {key.removeprefix('IPP_').lower(): value for key, _, value in (line.partition('=') for line in lines)}


class Printer:
    """One printer on a port of its own; ``uri`` is for CUPS."""

    def __init__(self, name, folder, env, *, attributes=HERE / 'printer.conf'):
        self.name = name
        self.folder = subfolder(folder, f'printer-{name}')
        spool = subfolder(self.folder, 'spool')
        self.port = free_port()
        args = ['ippeveprinter', '-v', '-r', 'off', '-p', self.port, '-n', 'localhost', '-d', spool, '-a', attributes,
                '-c', HERE / 'printer_engine.sh', name]
        self.service = Service(f'printer-{name}', args, folder, ready=lambda: accepts(self.port),
                               env={**env, 'PRINTER_FOLDER': str(self.folder), 'PRINTER_URI': self.uri,
                                    'PRINTER_CANCEL': str(HERE / 'printer-cancel.test')})

    @property
    def uri(self):
        return f'ipp://localhost:{self.port}/ipp/print'

    def start(self):
        self.service.start()
        return self

    def stop(self):
        self.service.stop()

    def papers(self):
        """Return everything that came out so far, in order."""
        papers = []
        for path in sorted(self.folder.glob('*.txt')):
            first, last, printed, *title = path.read_text().split()
            papers.append(Paper(path.with_suffix('.pdf'), self.name, float(first) + TICK, float(last), float(printed),
                                ' '.join(title)))
        return papers

    def keep_options(self):
        """Keep what each job asks for from now on (`Paper.options`)."""
        (self.folder / 'keep-options').touch()

    # -- faults --------------------------------------------------------------------------------------------------

    def slow(self, seconds):
        """Take this long for every page."""
        self._fault(f'sleep {seconds}')

    def break_down(self, code=1):
        """Fail every page."""
        self._fault(f'exit {code}')

    def cancel_jobs(self):
        """Cancel every job while it prints; `canceled` counts them."""
        self._fault('cancel')

    def canceled(self):
        """Return how many jobs it got and cancelled."""
        path = self.folder / 'canceled'
        return len(path.read_text().splitlines()) if path.exists() else 0

    def run_out_of_media(self):
        """Stop in the middle of the next page until `repair`, and say why."""
        self._fault('media-empty')

    def repair(self):
        """Undo the fault (not a freeze, a rejection or a power cut)."""
        (self.folder / 'fault').unlink(missing_ok=True)

    def freeze(self):
        """Hang: connections are taken, nothing is answered."""
        self.service.send(signal.SIGSTOP)

    def thaw(self):
        self.service.send(signal.SIGCONT)

    def cut_power(self):
        """Vanish at once; `start` brings it back with an empty memory."""
        self.service.kill()

    def reject_documents(self, attributes):
        """Come back with other attributes, e.g. ``printer-reject.conf``: rejects badges of 96 x 134 mm."""
        self.service.stop()
        args = self.service.args
        args[args.index('-a') + 1] = str(attributes)
        self.service.start()

    def _fault(self, words):
        part = self.folder / 'fault.part'
        part.write_text(words + '\n')
        os.replace(part, self.folder / 'fault')
