"""The program of the process that reads PDFs (:mod:`print_agent.printing.pdf_process`): limits itself, and answers."""

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from print_agent.printing import pdf_check
from print_agent.printing.pdf_process import (DOCUMENT_TIMEOUT, MAX_ADDRESS_SPACE, MAX_MEMORY, TOO_MUCH_MEMORY,
                                              WORN_MEMORY, Check, LayOut, packed, sizes_format)


def main() -> None:
    """Answer until there is nothing more to read."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the agent
    with contextlib.suppress(ValueError, OSError):  # macOS does not have this limit
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
    threading.Thread(target=_watch, daemon=True).start()
    received, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(sizes_format.pack(0, 0))
    answers.flush()
    while sizes := received.read(sizes_format.size):
        signal.alarm(int(DOCUMENT_TIMEOUT) + 5)  # should the agent be killed meanwhile
        question, document = _read(received, *sizes_format.unpack(sizes))
        try:
            answer, result = pdf_check.answer(question, document)
        except MemoryError:
            os._exit(TOO_MUCH_MEMORY)
        answers.write(packed(answer, result))
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
    os._exit(TOO_MUCH_MEMORY)


if __name__ == '__main__':
    main()
