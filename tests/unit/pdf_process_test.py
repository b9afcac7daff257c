"""Looking into PDFs costs the agent neither memory nor time, whatever is in them."""

import contextlib
import os
import signal
import time
import zlib

import pytest
from agent_fakes import PDF, make_job

from print_agent import documents, pdf_process
from print_agent.pdf_process import PdfProcess


@pytest.fixture
def process():
    process = PdfProcess()
    yield process
    process.stop()


def bomb(size):
    """Make a PDF of which a stream that has to be read for its pages holds so many bytes."""
    data = zlib.compress(bytes(1024 * 1024) * (size // 1024 // 1024), 9)
    head = b'%PDF-1.5\n'
    xref = (b'1 0 obj\n<</Type/XRef/Size 3/W[1 2 1]/Root 2 0 R/Filter/FlateDecode/Length %d>>\nstream\n' % len(data)
            + data + b'\nendstream\nendobj\n')
    return head + xref + b'startxref\n%d\n%%%%EOF' % len(head)


def test_a_badge_passes_and_the_process_stays(process):
    assert process.check(make_job(), PDF).reason == ''
    first = process._process.pid
    assert process.check(make_job(), PDF + b' ').reason == 'wrong_length'
    assert process._process.pid == first


def test_a_bomb_is_refused_and_the_next_badge_passes(process):
    document = bomb(2000 * 1024 * 1024)
    assert len(document) < 8 * 1024 * 1024
    with contextlib.suppress(MemoryError):  # the process died of it
        assert process.check(make_job(document=document), document).reason == 'bad_pdf'
    assert process.check(make_job(), PDF).reason == ''


def test_one_that_takes_too_long_is_killed(process):
    process.check(make_job(), PDF)
    os.kill(process._process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        process.check(make_job(), PDF, 0.3)
    assert time.monotonic() - begun >= 0.3
    assert process.check(make_job(), PDF).reason == ''


def test_one_that_died_is_started_again(process):
    process.check(make_job(), PDF)
    os.kill(process._process.pid, signal.SIGKILL)
    assert process.check(make_job(), PDF).reason == ''


def test_it_ends_with_the_agent(process):
    process.check(make_job(), PDF)
    process._process.stdin.close()
    assert process._process.wait(10) == 0
    process._process = None


async def test_what_is_said_of_it(monkeypatch):
    def raising(exc):
        def check(*_args):
            raise exc
        return check

    assert await documents.problem(make_job(), PDF) is None
    assert (await documents.problem(make_job(), PDF + b' ')).reason == 'wrong_length'
    for exc in (TimeoutError(), MemoryError()):
        monkeypatch.setattr(documents._process, 'check', raising(exc))
        assert (await documents.problem(make_job(), PDF)).reason == 'bad_pdf'
    assert pdf_process.CHECK_TIMEOUT < documents.WAIT_TIMEOUT
