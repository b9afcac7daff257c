"""A process of its own that reads PDFs: a hostile one can use up its memory and its time, and not the agent's.

It is started with the first document, stays for the next ones, and ends with the agent, when its standard input does.
Both sides write two lengths, then a message in JSON and a document. The agent needs no thread to watch the time: where
there is no process left to be had, there is no thread either.
"""

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from typing import IO

import msgspec

from print_agent.errors import UnreadableDocument
from print_agent.printing.backend import PrintRequest
from print_agent.printing.layout import Layout
from print_agent.printing.sheet import Sheet
from print_agent.protocol import messages as p


#: Address space of the process, and the memory in use after which it ends, in bytes. The second is for macOS, which
#: does not keep the first.
MAX_ADDRESS_SPACE, MAX_MEMORY = 768 * 1024 * 1024, 512 * 1024 * 1024
#: How long the process may take to start, and for one document, in seconds.
START_TIMEOUT, DOCUMENT_TIMEOUT = 30.0, 10.0
#: After a document that took so much memory the process ends, and the next document gets a new one, in bytes.
WORN_MEMORY = 256 * 1024 * 1024
#: Largest document that comes back from the process, in bytes.
MAX_RESULT = 2 * p.MAX_DOCUMENT
#: Largest message that comes back from the process, in bytes.
_MAX_ANSWER = 64 * 1024
#: Exit code of a process that used more than ``MAX_MEMORY``.
TOO_MUCH_MEMORY = 3
_NIL = '00000000-0000-0000-0000-000000000000'
sizes_format = struct.Struct('!II')


class Check(msgspec.Struct, tag='check'):
    """Ask whether a document is what the header of its job says, and fit to print."""

    job: p.Job


class LayOut(msgspec.Struct, tag='lay_out'):
    """Ask for a document in the shape that a printer and its settings want. The request comes without its document."""

    layout: Layout
    request: PrintRequest
    sheet: Sheet


class Answer(msgspec.Struct):
    """What is wrong with a document; nothing, if ``reason`` is empty. ``request``: the answer to :class:`LayOut`."""

    reason: str = ''
    detail: str = ''
    request: PrintRequest | None = None


class PdfProcess:
    """The process, from the agent's side. One document at a time; thread-safe."""

    def __init__(self, module: str = 'print_agent.printing.pdf_reader'):
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: Check | LayOut, document: bytes) -> tuple[Answer, bytes]:
        """Ask about a document; return the answer and the document that belongs to it. Blocks.

        :raises UnreadableDocument: it is the document's fault that there is no answer
        :raises OSError: it is not: the process cannot be started, or the system killed it
        """
        with self._lock:
            while True:
                before = self._process
                process = self._running()
                try:
                    return _exchange(process, question, document)
                except TimeoutError as exc:
                    self.stop()
                    raise UnreadableDocument('It takes too long to read.') from exc
                except (EOFError, OSError):
                    code = _exit_code(process)
                    self.stop()
                if process is not before:
                    break  # else it may have died before this document came
            if code == TOO_MUCH_MEMORY:
                raise UnreadableDocument('It takes too much memory to read.')
            if code == -signal.SIGKILL:
                raise OSError('The process that reads PDFs was killed, perhaps for want of memory.')
            raise UnreadableDocument('It cannot be read.')

    def stop(self) -> None:
        """End the process; the next document starts another one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._process is None:
            # its words could quote a document
            self._process = process = subprocess.Popen(
                [sys.executable, '-m', self._module], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, bufsize=0)
            assert process.stdin is not None
            assert process.stdout is not None
            os.set_blocking(process.stdin.fileno(), False)
            try:
                _Line(process, START_TIMEOUT).read(sizes_format.size)
            except (EOFError, OSError) as exc:
                self.stop()
                raise OSError('The process that reads PDFs does not start.') from exc
        return self._process


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a process whose pipes have ended: it is about to end, if it has not yet. None: it has not."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(1)
    return None


def _exchange(process: subprocess.Popen[bytes], question: Check | LayOut, document: bytes) -> tuple[Answer, bytes]:
    """Ask one question. Raises TimeoutError, or EOFError or OSError if the process ends instead."""
    line = _Line(process, DOCUMENT_TIMEOUT)
    line.write(packed(question, document))
    length, size = sizes_format.unpack(line.read(sizes_format.size))
    if length > _MAX_ANSWER or size > MAX_RESULT:
        raise EOFError
    return msgspec.json.decode(line.read(length), type=Answer), line.read(size)


class _Line:
    """The pipes of the process, for so many seconds. Raises TimeoutError, EOFError or another OSError."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float):
        self._stdin, self._stdout = process.stdin, process.stdout
        self._until = time.monotonic() + seconds

    def write(self, data: bytes) -> None:
        pipe = self._ready(self._stdin, select.POLLOUT)
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(pipe, rest):]
            except BlockingIOError:
                self._ready(self._stdin, select.POLLOUT)

    def read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = os.read(self._ready(self._stdout, select.POLLIN), min(size - len(data), 1024 * 1024))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def _ready(self, pipe: IO[bytes] | None, event: int) -> int:
        assert pipe is not None
        poll = select.poll()
        poll.register(pipe, event)
        left = self._until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        return pipe.fileno()


def packed(message: msgspec.Struct, document: bytes) -> bytes:
    encoded = msgspec.json.encode(message)
    return sizes_format.pack(len(encoded), len(document)) + encoded + document


def to_check(job: p.Job) -> Check:
    """The question about a new document. It holds no names: only the measures are needed."""
    return Check(msgspec.structs.replace(job, job=_NIL, name='', title='', desk='', printer=''))
