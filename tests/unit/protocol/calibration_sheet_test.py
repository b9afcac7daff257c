"""The calibration sheet, as poppler reads and paints it."""

import re
import subprocess

import pytest

from print_agent.protocol import calibration, calibration_sheet


SIZES = [(62, 29), (54, 86), (96, 134), (134, 96), (102, 152), (105, 148), (101.6, 76.2), (300, 450)]


def run(*args, sheet):
    return subprocess.run([*args], input=sheet, capture_output=True, check=True).stdout


@pytest.mark.parametrize('size', SIZES)
def test_a_page_of_the_size_with_letters_and_code(size):
    sheet = calibration_sheet.make('desk1', size)
    info = run('pdfinfo', '-', sheet=sheet).decode()
    found = re.search(r'Page size:\s+([\d.]+) x ([\d.]+) pts', info)
    assert [float(side) / 72 * 25.4 for side in found.groups()] == pytest.approx(size, abs=0.02)
    words = run('pdftotext', '-', '-', sheet=sheet).decode().split()
    assert {*'ABCD', calibration.code('desk1', size)} <= set(words)
    assert ('CARD' in words) is (calibration.card_side(size) is not None)


@pytest.mark.parametrize('size', SIZES)
def test_rulers_begin_at_the_edges(size):
    """The outermost line of each ruler is the edge of the page: white nowhere around it."""
    scale = 8
    pgm = run('pdftoppm', '-r', str(25.4 * scale), '-gray', '-singlefile', '-',
              sheet=calibration_sheet.make('desk1', size))
    _magic, width, height, _white, _pixels = pgm.split(maxsplit=4)
    width, height = int(width), int(height)
    pixels = pgm[-width * height:]
    rows = [pixels[y * width:(y + 1) * width] for y in range(height)]
    for edge in (rows[0], rows[-1], bytes(row[0] for row in rows), bytes(row[-1] for row in rows)):
        assert any(pixel < 128 for pixel in edge)


def test_the_same_sheet_is_the_same_bytes():
    assert calibration_sheet.make('desk1', (96, 134)) == calibration_sheet.make('desk1', (96, 134))
    assert calibration_sheet.make('desk1', (96, 134)) != calibration_sheet.make('desk2', (96, 134))


def test_names_of_printers_that_pdf_would_misread():
    words = run('pdftotext', '-', '-', sheet=calibration_sheet.make('Desk (1) \\ ü ش', (96, 134))).decode()
    assert 'Desk (1) \\ ü ?' in words
