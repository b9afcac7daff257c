"""A process of its own that reads PDFs: a hostile one can use up its memory and its time, and not the agent's.

It is started with the first document, stays for the next ones, and ends with the agent, when its standard input does.
Both sides write two lengths, then a message in JSON and a document. The agent needs no thread to watch the time: where
there is no process left to be had, there is no thread either.
"""

import contextlib
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

from print_agent.printing.backend import Sheet
from print_agent.printing.layout import Layout
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
_TOO_MUCH_MEMORY = 3
_NIL = '00000000-0000-0000-0000-000000000000'
_sizes = struct.Struct('!II')


class Check(msgspec.Struct, tag='check'):
    """Ask whether a document is what the header of its job says, and fit to print."""

    job: p.Job


class LayOut(msgspec.Struct, tag='lay_out'):
    """Ask for a document in the shape that the settings of a printer want. The sheet comes without its document."""

    layout: Layout
    sheet: Sheet


class Answer(msgspec.Struct):
    """What is wrong with a document; nothing, if ``reason`` is empty. ``sheet``: the answer to :class:`LayOut`."""

    reason: str = ''
    detail: str = ''
    sheet: Sheet | None = None


class Unreadable(Exception):
    """A document takes too long, too much memory, or ends the process that reads it. The text says so."""


class PdfProcess:
    """The process, from the agent's side. One document at a time; thread-safe."""

    def __init__(self, module: str = 'print_agent.printing.pdf_process'):
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: Check | LayOut, document: bytes) -> tuple[Answer, bytes]:
        """Ask about a document; return the answer and the document that belongs to it. Blocks.

        :raises Unreadable: it is the document's fault that there is no answer
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
                    raise Unreadable('It takes too long to read.') from exc
                except (EOFError, OSError):
                    code = _exit_code(process)
                    self.stop()
                if process is not before:
                    break  # else it may have died before this document came
            if code == _TOO_MUCH_MEMORY:
                raise Unreadable('It takes too much memory to read.')
            if code == -signal.SIGKILL:
                raise OSError('The process that reads PDFs was killed, perhaps for want of memory.')
            raise Unreadable('It cannot be read.')

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
                _Line(process, START_TIMEOUT).read(_sizes.size)
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
    line.write(_packed(question, document))
    length, size = _sizes.unpack(line.read(_sizes.size))
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


def _packed(message: msgspec.Struct, document: bytes) -> bytes:
    encoded = msgspec.json.encode(message)
    return _sizes.pack(len(encoded), len(document)) + encoded + document


def to_check(job: p.Job) -> Check:
    """The question about a new document. It holds no names: only the measures are needed."""
    return Check(msgspec.structs.replace(job, job=_NIL, name='', title='', desk='', printer=''))


# -- inside the process -----------------------------------------------------------------------------------------------

def main() -> None:
    """Answer until there is nothing more to read."""
    from print_agent.jobs import pdf_check

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the agent
    with contextlib.suppress(ValueError, OSError):  # macOS does not have this limit
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    threading.Thread(target=_watch, daemon=True).start()
    received, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(_sizes.pack(0, 0))
    answers.flush()
    while sizes := received.read(_sizes.size):
        signal.alarm(int(DOCUMENT_TIMEOUT) + 5)  # should the agent be killed meanwhile
        question, document = _read(received, *_sizes.unpack(sizes))
        try:
            answer, result = pdf_check.answer(question, document)
        except MemoryError:
            os._exit(_TOO_MUCH_MEMORY)
        answers.write(_packed(answer, result))
        answers.flush()
        signal.alarm(0)
        if _memory() > WORN_MEMORY:
            return


def _read(received: BinaryIO, length: int, size: int) -> tuple[Check | LayOut, bytes]:
    return msgspec.json.decode(received.read(length), type=Check | LayOut), received.read(size)


def _memory() -> int:
    """The memory that this process uses, in bytes; on macOS the most that it ever used."""
    if sys.platform == 'darwin':
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts what its parent used before in ru_maxrss
    return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize()


def _watch() -> None:
    while _memory() < MAX_MEMORY:
        time.sleep(0.05)
    os._exit(_TOO_MUCH_MEMORY)


if __name__ == '__main__':
    from print_agent.printing import pdf_process
    pdf_process.main()  # of the module by its own name: its messages are other classes here
