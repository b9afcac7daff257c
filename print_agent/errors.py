"""What can go wrong in the agent. Each error has a sentence for people (``str()``, ``detail``); most have a code for
programs as well (``reason``).

    AgentError
    ├── AgentFailed             the agent stopped although nobody asked it to
    ├── ConfigError             something in agent.toml cannot be used
    │   └── NetworkError        the settings of the network
    ├── PairingError            pairing did not work, or a pairing cannot be used
    ├── PollFailed              a poll had no usable answer
    ├── ServiceError            the system service could not be put in place
    ├── NotRunning              no agent runs that could be asked
    ├── Declined                the running agent says why it does not do it
    ├── RequestRefused          an HTTP request is answered with an error
    ├── ActionRefused           what a person asked for cannot be done
    ├── SpoolError              the spool cannot be used
    │   ├── SpoolCorrupt        its file is not a spool
    │   ├── SpoolFull           the disk took no more
    │   └── AlreadyRunning      another agent uses it
    ├── NoRoom                  a job is not kept, for want of room
    ├── BadDocument             a document is refused
    ├── UnreadableDocument      it takes too long or too much memory to read
    ├── Overloaded              this computer has nothing left to read one with
    ├── CalibrationLost         what was found about a printer cannot be written down
    ├── CannotLayOut            a badge cannot be brought into the shape of a printer
    │   └── LabelsTooSmall      the labels in the printer are smaller
    ├── PrinterError
    │   ├── NotReady            the printer cannot take a job now
    │   ├── SubmitFailed        handing over did not work
    │   ├── NotGone             the print system may still have a job
    │   ├── Unreachable         the printer does not answer
    │   └── Unreadable          it answers, but not in IPP
    └── CupsError
        ├── CupsMissing         pycups is not installed
        ├── CupsDown            CUPS does not answer
        ├── CupsRefused         CUPS answered with an error
        └── HandoverFailed      a job was created, but its document did not get across

What is wrong with what the other side says is the contract's: :mod:`print_agent.protocol.errors`. ``print-agent`` exits
with an error's ``exit_code``.
"""

from print_agent.protocol import reasons


class AgentError(Exception):
    """The root of all. ``detail`` is a sentence for people, ``reason`` a code for programs, where there is one."""

    #: What the command ends with; 2 is click's, for wrong usage.
    exit_code = 1

    def __init__(self, detail: str = '', reason: str = ''):
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


class AgentFailed(AgentError):
    """The agent stopped although nobody asked it to."""


class ConfigError(AgentError):
    """Something in the configuration cannot be used; the text says what and where."""


class NetworkError(ConfigError):
    """The settings of the network cannot be used; the text says why."""


class PairingError(AgentError):
    """Pairing did not work, or a pairing cannot be used; the text is for the tech."""


class PollFailed(AgentError):
    """A poll had no usable answer. ``reason`` is one of ``close_reasons.Why``.

    ``wait``: seconds that the server asks to wait.
    """

    def __init__(self, detail: str, reason: str = 'lost', *, wait: float = 0.0):
        super().__init__(detail, reason)
        self.wait = wait


class ServiceError(AgentError):
    """The service could not be put in place; the text says what to do."""


class NotRunning(AgentError):
    """No agent runs that could be asked; the text says what to do."""

    exit_code = 4


class Declined(AgentError):
    """The agent says why it does not do it."""


class RequestRefused(AgentError):
    """A request that is answered with an error: HTTP status, code and a sentence."""

    def __init__(self, status: int, reason: str, detail: str):
        super().__init__(detail, reason)
        self.status = status


class ActionRefused(AgentError):
    """What a person asked for cannot be done."""

    def __init__(self, reason: str, detail: str):
        super().__init__(detail, reason)


class SpoolError(AgentError):
    """The spool cannot be used; the text says what to do."""


class SpoolCorrupt(SpoolError):
    """The file is not a spool (any more)."""


class SpoolFull(SpoolError):
    """The disk took no more; nothing was written."""


class AlreadyRunning(SpoolError):
    """Another agent uses the same spool."""

    exit_code = 3


class NoRoom(AgentError):
    """A job was not kept, for want of room; its sender knows. ``reason`` says which room."""

    def __init__(self, reason: str):
        super().__init__(reasons.sentence(reason), reason)


class BadDocument(AgentError):
    """A document is refused."""

    def __init__(self, reason: str, detail: str):
        super().__init__(detail, reason)


class UnreadableDocument(AgentError):
    """A document takes too long, too much memory, or ends the process that reads it. The text says so."""


class Overloaded(AgentError):
    """This computer has no memory, processes or time left to read a document. Nothing is known about the document."""


class CannotLayOut(AgentError):
    """A badge cannot be brought into the shape."""

    def __init__(self, reason: str, detail: str = ''):
        super().__init__(detail or reasons.sentence(reason), reason)


class CalibrationLost(AgentError):
    """What was found about a printer cannot be written down."""


class LabelsTooSmall(CannotLayOut):
    """A badge is larger than what the printer says is in it. Other labels cure that, or another printer."""

    def __init__(self, detail: str):
        super().__init__('does_not_fit', detail)


class PrinterError(AgentError):
    """Something about one printer."""


class NotReady(PrinterError):
    """The printer cannot take a job now; nothing was handed over. ``wait`` says whether that may pass."""

    def __init__(self, reason: str, detail: str, *, wait: bool = True):
        super().__init__(detail, reason)
        self.wait = wait


class SubmitFailed(PrinterError):
    """Handing over did not work.

    ``certain``: the print system does not have the job and will not print it. ``retry``: the same may work later.
    ``handle``: the job's name over there, if it came so far.
    """

    def __init__(self, reason: str, detail: str, *, certain: bool, retry: bool = False, handle: str = ''):
        super().__init__(detail, reason)
        self.certain = certain
        self.retry = retry
        self.handle = handle


class NotGone(PrinterError):
    """The print system may still have a job: it does not answer, or does not cancel it."""


class Unreachable(PrinterError):
    """The printer does not answer, or not in IPP.

    ``frozen``: it takes connections, so it is switched on and within reach, and yet it says nothing.
    ``unreadable``: it answers, but nobody can read what, or it refuses the question; CUPS may print to it well.
    ``login``: it refuses because it does not know who asks.
    """

    def __init__(self, detail: str, *, frozen: bool = False, unreadable: bool = False, login: bool = False):
        if unreadable:
            reason = 'printer_login' if login else 'printer_unreadable'
        else:
            reason = 'printer_frozen' if frozen else 'printer_unreachable'
        super().__init__(detail, reason)
        self.frozen = frozen
        self.unreadable = unreadable
        self.login = login


class Unreadable(PrinterError):
    """It is no answer in IPP."""


class CupsError(AgentError):
    """Something about CUPS."""


class CupsMissing(CupsError):
    """pycups is not installed."""

    def __init__(self) -> None:
        super().__init__('Printing through CUPS needs pycups: install it with '
                         '"pip install indico-plugin-checkin-print[agent,cups]" (and libcups2-dev to build it).')


class CupsDown(CupsError):
    """CUPS does not answer."""


class CupsRefused(CupsError):
    """CUPS answered with an IPP error. ``status`` is its code, e.g. 0x0406 for something that is not there."""

    def __init__(self, status: int, text: str):
        super().__init__(f'{text} (IPP {status:#06x})')
        self.status = status
        self.text = text


class HandoverFailed(CupsError):
    """A job was created but its document did not get across.

    ``job`` is its number, ``dropped`` whether CUPS forgot it before it began to print.
    """

    def __init__(self, job: int, detail: str, *, dropped: bool):
        super().__init__(detail)
        self.job = job
        self.dropped = dropped
