"""A process of its own that looks into PDFs: a hostile one can use up its memory and its time, and not the agent's.

It is started with the first document, stays for the next ones, and ends with the agent, when its standard input does.
"""

import contextlib
import logging
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from print_agent import protocol as p


log = logging.getLogger(__name__)

#: Address space of the process, and the memory in use after which it ends, in bytes. The second is for macOS, which
#: does not keep the first.
MAX_ADDRESS_SPACE, MAX_MEMORY = 768 * 1024 * 1024, 512 * 1024 * 1024
#: How long the process may take to start, and for one document, in seconds.
START_TIMEOUT, CHECK_TIMEOUT = 30.0, 10.0
#: After a document that took so much memory the process ends, and the next document gets a new one, in bytes.
WORN_MEMORY = 256 * 1024 * 1024
_READY = b'ready\n'
_NIL = '00000000-0000-0000-0000-000000000000'
_sizes = struct.Struct('!II')


class Verdict(msgspec.Struct):
    """What is wrong with a document; nothing, if ``reason`` is empty."""

    reason: str = ''
    detail: str = ''


class PdfProcess:
    """The process, from the agent's side. One document at a time; thread-safe."""

    def __init__(self, module: str = 'print_agent.pdf_process'):
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def check(self, job: p.Job, document: bytes, seconds: float = CHECK_TIMEOUT) -> Verdict:
        """Check a document. Blocks. Raises TimeoutError, or MemoryError if the process died of it."""
        # no names: it needs the measures only
        header = msgspec.json.encode(msgspec.structs.replace(job, job=_NIL, name='', title='', desk='', printer=''))
        with self._lock:
            for _ in range(2):
                process = self._running()
                begun = time.monotonic()
                answer = _ask(process, _sizes.pack(len(header), len(document)) + header + document, seconds)
                if answer:
                    return msgspec.json.decode(answer, type=Verdict)
                self.stop()
                if time.monotonic() - begun >= seconds:
                    raise TimeoutError
            raise MemoryError

    def stop(self) -> None:
        """End the process; the next document starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._process is None:
            # its words could quote a document
            self._process = subprocess.Popen([sys.executable, '-m', self._module], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if _ask(self._process, b'', START_TIMEOUT) != _READY:
                self.stop()
                raise OSError('The process that looks into PDFs does not start.')
        return self._process


def _ask(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> bytes:
    """Write, and read a line; nothing comes from a process that died or took too long."""
    assert process.stdin is not None
    assert process.stdout is not None
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        process.stdin.write(data)
        process.stdin.flush()
        return process.stdout.readline(8192)
    except OSError:
        return b''  # it is dead, which an empty answer says
    finally:
        timer.cancel()


# -- inside the process -----------------------------------------------------------------------------------------------

def main() -> None:
    """Answer until there is nothing more to read."""
    from print_agent import documents

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the agent
    with contextlib.suppress(ValueError, OSError):  # macOS does not have this limit
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    threading.Thread(target=_watch, daemon=True).start()
    received, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(_READY)
    answers.flush()
    while sizes := received.read(_sizes.size):
        signal.alarm(int(CHECK_TIMEOUT) + 5)  # should the agent be killed meanwhile
        job, document = _read(received, *_sizes.unpack(sizes))
        try:
            documents.check(job, document)
            verdict = Verdict()
        except documents.BadDocument as exc:
            verdict = Verdict(exc.reason, exc.detail)
        answers.write(msgspec.json.encode(verdict) + b'\n')
        answers.flush()
        signal.alarm(0)
        if _memory() > WORN_MEMORY:
            return


def _read(received: BinaryIO, header: int, length: int) -> tuple[p.Job, bytes]:
    return msgspec.json.decode(received.read(header), type=p.Job), received.read(length)


def _memory() -> int:
    """The memory that this process uses, in bytes; on macOS the most that it ever used."""
    if sys.platform == 'darwin':
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts what its parent used before in ru_maxrss
    return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize()


def _watch() -> None:
    while _memory() < MAX_MEMORY:
        time.sleep(0.05)
    os._exit(3)


if __name__ == '__main__':
    main()
