"""Reading PDFs costs the agent neither memory nor time, whatever is in them."""

import os
import re
import signal
import subprocess
import sys
import time

import pypdf
import pytest

from print_agent.errors import CannotLayOut, UnreadableDocument
from print_agent.printing import pdf_check, pdf_process
from print_agent.printing.backend import PrintRequest
from print_agent.printing.layout import Layout
from print_agent.printing.pdf_process import LayOut, PdfProcess, to_check
from print_agent.printing.sheet import Sheet

from tests.fakes.badges import PDF, make_job, pdf
from tests.fakes.bombs import content_bomb, flate_bomb, xref_bomb
from tests.fakes.drawings import place, with_rectangle


TURNED, SHEET = Layout(orientation=90), Sheet(134.0, 96.0)


def request(document=b''):
    return PrintRequest(tag='t', title='t', document=document, copies=1, width_mm=96, height_mm=134, expires=4e9)


@pytest.fixture
def process():
    process = PdfProcess()
    yield process
    process.stop()


@pytest.fixture
def check(process):
    """Return a function that has a document checked, and returns the reason against it."""
    return lambda document, job=None: process.ask(to_check(job or make_job(document=document)), document)[0].reason


def test_a_badge_passes_and_the_process_stays(process, check):
    assert check(PDF) == ''
    first = process._process.pid
    assert check(PDF + b' ', make_job()) == 'wrong_length'
    assert process._process.pid == first


def test_a_large_document_goes_there_and_back(process):
    document = pdf() + b'%' + os.urandom(7 * 1024 * 1024)
    assert process.ask(to_check(make_job(document=document)), document)[0].reason == ''
    answer, laid = process.ask(LayOut(TURNED, request(), SHEET), with_rectangle())
    assert (answer.reason, answer.request.width_mm, answer.request.document) == ('', 134, b'')
    assert place(laid) == ([134, 96], [129, 0, 5, 10])


@pytest.mark.parametrize('bomb', [flate_bomb, xref_bomb])
def test_a_bomb_is_refused_and_the_next_badge_passes(check, bomb):
    document = bomb()
    try:
        assert check(document) == 'bad_pdf'
    except UnreadableDocument as exc:
        assert re.search('too (much memory|long)', str(exc))  # noqa: PT017 - each of the three is right
    assert check(PDF) == ''


def test_a_bomb_in_a_page_is_not_laid_out_and_the_next_badge_is(process, check):
    """Nobody has to read it to count the pages."""
    document = content_bomb()
    assert check(document) == ''
    with pytest.raises(UnreadableDocument, match=r'too (much memory|long)'):  # on a busy machine
        process.ask(LayOut(TURNED, request(), SHEET), document)
    assert place(process.ask(LayOut(TURNED, request(), SHEET), with_rectangle())[1])


def test_it_has_the_memory_that_it_is_said_to_have():
    """The kernel itself refuses more, before the watch over it has looked."""
    code = """
import sys
from print_agent.printing import pdf_check, pdf_process, pdf_reader
class Greedy:
    @staticmethod
    def answer(*_args):
        return bytearray(pdf_process.MAX_ADDRESS_SPACE)
pdf_check.answer = Greedy.answer
pdf_reader.main()
"""
    process = subprocess.Popen([sys.executable, '-c', code], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    process.communicate(pdf_process.packed(to_check(make_job()), PDF), timeout=60)
    assert process.returncode == 3


def test_one_that_takes_too_long_is_killed(process, check, monkeypatch):
    check(PDF)
    os.kill(process._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 0.3)
    begun = time.monotonic()
    with pytest.raises(UnreadableDocument, match='too long'):
        check(PDF)
    assert time.monotonic() - begun >= 0.3
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 60)
    assert check(PDF) == ''


def test_one_that_takes_no_document_is_killed(process, check, monkeypatch):
    """A pipe takes 64 KiB; the rest has to wait."""
    check(PDF)
    os.kill(process._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 0.3)
    with pytest.raises(UnreadableDocument, match='too long'):
        check(PDF + bytes(1024 * 1024))


def test_one_that_died_is_restarted(process, check):
    check(PDF)
    os.kill(process._process.pid, signal.SIGKILL)
    assert check(PDF) == ''


def test_a_killed_process_blames_no_document(tmp_path, monkeypatch):
    """One that the system kills is not the fault of the document."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    (tmp_path / 'killed.py').write_text("""
import os, sys, signal
sys.stdout.buffer.write(bytes(8)); sys.stdout.flush(); sys.stdin.buffer.read(8); os.kill(os.getpid(), signal.SIGKILL)
""")
    with pytest.raises(OSError, match='was killed'):
        PdfProcess('killed').ask(to_check(make_job()), PDF)
    with pytest.raises(OSError, match='does not start'):
        PdfProcess('nothing_of_this_name').ask(to_check(make_job()), PDF)
    (tmp_path / 'crashing.py').write_text("""
import os, sys, signal
sys.stdout.buffer.write(bytes(8)); sys.stdout.flush(); sys.stdin.buffer.read(8); os.kill(os.getpid(), signal.SIGSEGV)
""")
    with pytest.raises(UnreadableDocument, match='cannot be read'):
        PdfProcess('crashing').ask(to_check(make_job()), PDF)


def test_it_ends_with_the_agent(process, check):
    check(PDF)
    process._process.stdin.close()
    assert process._process.wait(10) == 0
    process._process = None


async def test_what_is_said_of_it(monkeypatch):
    assert await pdf_check.problem(make_job(), PDF) is None
    assert (await pdf_check.problem(make_job(), PDF + b' ')).reason == 'wrong_length'

    def ask(*_args):
        raise UnreadableDocument('It takes too long to read.')

    monkeypatch.setattr(pdf_check._process, 'ask', ask)
    problem = await pdf_check.problem(make_job(), PDF)
    assert (problem.reason, problem.detail) == ('bad_pdf', 'The PDF is broken. It takes too long to read.')
    with pytest.raises(CannotLayOut, match='too long') as caught:
        await pdf_check.lay_out(TURNED, request(PDF))
    assert caught.value.reason == 'layout_failed'
    assert pdf_process.DOCUMENT_TIMEOUT < pdf_check.WAIT_TIMEOUT


async def test_the_agent_itself_reads_none(monkeypatch):
    def read(*_args, **_kwargs):
        raise AssertionError('a PDF is read in the process of the agent')

    pdf_check._process.stop()
    monkeypatch.setattr(pypdf.PdfReader, '__init__', read)
    document = with_rectangle()
    assert await pdf_check.problem(make_job(document=document), document) is None
    laid = await pdf_check.lay_out(TURNED, request(document))
    plain = await pdf_check.lay_out(Layout(copies=2), request(document))
    assert (plain.copies, plain.document) == (2, document)
    with pytest.raises(CannotLayOut) as caught:
        await pdf_check.lay_out(Layout(media_mm=(50.0, 50.0)), request(document))
    assert caught.value.reason == 'does_not_fit'
    monkeypatch.undo()
    assert place(laid.document) == ([134, 96], [129, 0, 5, 10])
