"""Everything behind the agents, in one object: a bus, a CUPS and its printers. What the agent's own tests use."""

from concurrent.futures import ThreadPoolExecutor

from tests.stack.cups import Cups
from tests.stack.dbus import DBus
from tests.stack.printer import Printer


class Printing:
    """A private CUPS with a queue and a virtual IPP printer for each name.

    >>> with run_folder() as folder, Printing(folder, ['desk1', 'desk2']) as printing:
    ...     printing.cups.server, printing.printers['desk1'].papers()
    """

    def __init__(self, folder, names=('desk1',)):
        self.folder = folder
        self.names = names
        self.dbus = DBus(folder)
        self.cups = Cups(folder)
        self.printers = {}

    @property
    def env(self):
        """What a client of this CUPS needs in its environment."""
        return {**self.dbus.env, **self.cups.env}

    def start(self):
        with ThreadPoolExecutor() as pool:
            scheduler = pool.submit(self.cups.start)
            self.dbus.start()
            self.printers = {name: Printer(name, self.folder, self.dbus.env) for name in self.names}
            list(pool.map(Printer.start, self.printers.values()))
            scheduler.result()
        for printer in self.printers.values():
            self.cups.add_queue(printer.name, printer.uri)
        # CUPS writes what it knows to its disk half a minute later, or when it ends: none of it is lost to a kill
        self.cups.stop()
        self.cups.start()
        return self

    def stop(self):
        # the scheduler first, or it would complain about printers that vanish
        for service in (self.cups, *self.printers.values(), self.dbus):
            service.stop()

    def papers(self):
        """Return everything that came out of any printer so far, in order."""
        return sorted((paper for printer in self.printers.values() for paper in printer.papers()),
                      key=lambda paper: paper.printed)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *args):
        self.stop()
