"""Calibrating a printer: its sheet, what is seen on it, and the badges after that."""

import io

import pytest
from pypdf import PdfReader

from print_agent.printing.layout import Layout
from print_agent.protocol import calibration
from print_agent.protocol.calibration import Answers, Calibration
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, J3, make_job
from tests.fakes.desk import refused
from tests.fakes.drawings import place, with_rectangle


SEEN = Answers(d=2.0, b=-2.0, a=1.0, c=-1.0)


async def sheet_of(desk, printer='desk1'):
    """Print the calibration sheet; return its request and its code."""
    entry = desk.control.print_calibration_sheet(printer)
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.completed)
    request = desk.backend.submitted[-1]
    text = PdfReader(io.BytesIO(request.document)).pages[0].extract_text()
    return request, next(word for word in text.split() if len(word) == 8 and word[5] == '-')


async def print_badge(desk, job, **kwargs):
    """Print a badge with a rectangle in its top left corner; return where that is."""
    document = with_rectangle()
    await desk.jobs.receive('a', make_job(job, document=document, go=True, **kwargs), document)
    await desk.until(lambda: desk.spool.find('a', job).state is State.completed)
    return place(next(request.document for request in desk.backend.submitted if job in request.title))


async def test_from_the_sheet_to_a_badge_in_its_place(desk):
    request, code = await sheet_of(desk)
    assert calibration.size_of('desk1', code) == (request.width_mm, request.height_mm) == (96, 134)
    assert desk.heard == []  # no server hears of it
    found = desk.control.calibrate('desk1', code, SEEN)
    assert found == Calibration(offset_x_mm=2.0, offset_y_mm=1.0)
    assert await print_badge(desk, J1) == ([96, 134], [2, 1, 10, 5])
    assert desk.printer().calibrated
    # a restart does not forget it; the sheet comes out as before
    await desk.restart()
    assert desk.control.calibration('desk1') == found
    assert place((await sheet_of(desk))[0].document) == place(request.document)
    desk.control.forget_calibration('desk1')
    assert await print_badge(desk, J2) == ([96, 134], [0, 0, 10, 5])
    assert not desk.printer().calibrated


async def test_a_calibration_that_comes_with_a_badge(desk):
    sent = Calibration(orientation=180, offset_x_mm=-3.0)
    assert await print_badge(desk, J1, calibration=sent) == ([96, 134], [83, 129, 10, 5])
    # the copy of it as well
    entry = desk.control.reprint(desk.spool.find('a', J1))
    await desk.until(lambda: len(desk.backend.submitted) == 2)
    assert desk.spool.get(entry.seq).calibration == desk.spool.find('a', J1).calibration
    assert place(desk.backend.submitted[1].document) == ([96, 134], [83, 129, 10, 5])
    # but not at another printer
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.completed)
    entry = desk.control.reprint(desk.spool.find('a', J1), 'desk2')
    await desk.until(lambda: len(desk.backend.submitted) == 3)
    assert place(desk.backend.submitted[2].document) == ([96, 134], [0, 0, 10, 5])
    desk.layouts.calibrate('desk1', Calibration(offset_x_mm=2.0))
    assert await print_badge(desk, J2, calibration=sent) == ([96, 134], [2, 0, 10, 5])
    assert await print_badge(desk, J3, calibration=Calibration(alone=True)) == ([96, 134], [0, 0, 10, 5])


async def test_the_sheet_is_as_large_as_the_labels(desk, monkeypatch):
    monkeypatch.setattr(desk.layouts, '_settings', {'desk1': Layout(media_mm=(62.0, 29.0), orientation=90)})
    request, code = await sheet_of(desk)
    assert calibration.size_of('desk1', code) == (request.width_mm, request.height_mm) == (62, 29)


async def test_answers_that_cannot_be(desk):
    code = calibration.code('desk1', (96.0, 134.0))
    with refused('wrong_answer'):
        desk.control.calibrate('desk1', calibration.code('desk2', (96.0, 134.0)), SEEN)
    with refused('wrong_answer'):
        desk.control.calibrate('desk1', code, Answers(card=1.0))
    with refused('unknown_printer'):
        desk.control.calibrate('desk9', code, SEEN)
    with refused('unknown_printer'):
        desk.control.print_calibration_sheet('desk9')
    with refused('unknown_printer'):
        desk.control.forget_calibration('desk9')
    assert desk.control.calibration('desk1') is None


async def test_what_cannot_be_written_down_is_said(desk):
    (desk.folder / 'state' / 'calibrations.json.part').mkdir()
    with refused('not_written'):
        desk.control.calibrate('desk1', calibration.code('desk1', (96.0, 134.0)), SEEN)
    assert desk.control.calibration('desk1') is None


@pytest.mark.parametrize('name', ['desk1', 'gone'])
async def test_a_printer_that_is_gone_can_be_forgotten(desk, name):
    desk.layouts.calibrate(name, Calibration(orientation=90))
    desk.control.forget_calibration(name)
    assert desk.control.calibration(name) is None
