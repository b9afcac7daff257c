"""What CUPS and a printer say, second by second, for the verdict on a badge."""


from print_agent.printing.ipp import JobView
from print_agent.printing.verdict import CupsView, Follower


def job(state, *why):
    return JobView(7, state, why)


def cups(state, *why, started=True, message=''):
    return CupsView(state, why, message, started)


class Clock:
    """Runs a follower second by second."""

    def __init__(self, asks=True, expires=1800.0):
        self.follower = Follower(asks=asks, now=0.0, expires=expires)
        self.now = 0.0
        self.cancelled = 0

    def see(self, cups_view, printer, seconds=600):
        """Show the same for so many seconds; return the end, if it comes."""
        for _ in range(int(seconds) + 1):
            end = self.follower.step(self.now, cups_view, printer)
            if end is not None:
                return end
            if self.follower.cancel is not None:
                self.cancelled += 1
                self.follower.canceled()
                return None
            self.now += 1
        return None
