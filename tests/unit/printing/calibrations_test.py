"""Which calibration counts, and that it is still there after a restart."""

import pytest

from print_agent.errors import CalibrationLost
from print_agent.printing import calibrations
from print_agent.printing.calibrations import Layouts
from print_agent.printing.layout import Layout
from print_agent.protocol.calibration import Calibration


HERE, SENT = Calibration(orientation=180, offset_x_mm=1.5), Calibration(offset_y_mm=-2.0, scale=1.02)
SETTINGS = {'labels': Layout(media_mm=(96.0, 134.0), resolution_dpi=203, copies=2), 'moved': Layout(offset_x_mm=3.0)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / calibrations.FILE


def place(layout):
    return layout.calibration


def test_what_is_set_at_the_computer_comes_first(path):
    layouts = Layouts(SETTINGS, path)
    assert place(layouts.of('desk1')) == Calibration()
    assert place(layouts.of('desk1', SENT)) == SENT
    # agent.toml, if it says anything about the place
    assert place(layouts.of('moved', SENT)) == Calibration(offset_x_mm=3.0)
    assert place(layouts.of('labels', SENT)) == SENT
    for printer in ('desk1', 'moved', 'labels'):
        layouts.calibrate(printer, HERE)
        assert place(layouts.of(printer, SENT)) == HERE


def test_calibrations_are_never_added_up(path):
    layouts = Layouts(SETTINGS, path)
    layouts.calibrate('moved', HERE)
    assert place(layouts.of('moved')).offset_x_mm == HERE.offset_x_mm


def test_a_calibration_sheet_comes_out_as_it_is(path):
    layouts = Layouts(SETTINGS, path)
    layouts.calibrate('labels', HERE)
    assert layouts.of('labels', Calibration(alone=True)) == SETTINGS['labels']
    assert place(layouts.of('moved', Calibration(alone=True))) == Calibration()


def test_what_else_agent_toml_says_always_counts(path):
    layouts = Layouts(SETTINGS, path)
    layouts.calibrate('labels', HERE)
    for layout in (layouts.of('labels'), layouts.of('labels', SENT), layouts.settings('labels')):
        assert (layout.media_mm, layout.resolution_dpi, layout.copies) == ((96.0, 134.0), 203, 2)


def test_which_printers_are_set_here(path):
    layouts = Layouts(SETTINGS, path)
    layouts.calibrate('desk1', Calibration())  # nothing to change, but somebody looked
    assert [layouts.is_set_here(name) for name in ('desk1', 'desk2', 'moved', 'labels')] == [True, False, True, False]


def test_it_survives_a_restart_until_it_is_forgotten(path):
    Layouts(SETTINGS, path).calibrate('desk1', HERE)
    Layouts(SETTINGS, path).calibrate('Desk (2) ü', SENT)
    layouts = Layouts(SETTINGS, path)
    assert (layouts.found_here('desk1'), layouts.found_here('Desk (2) ü')) == (HERE, SENT)
    layouts.calibrate('desk1', None)
    assert Layouts(SETTINGS, path).found_here('desk1') is None
    assert Layouts(SETTINGS, path).found_here('Desk (2) ü') == SENT


@pytest.mark.parametrize(('text', 'words'), [
    ('nonsense', 'cannot be read'), ('[]', 'makes no sense'), ('{"desk1": {"orientation": 45}}', 'of desk1')])
def test_a_file_that_makes_no_sense_stops_nothing(path, caplog, text, words):
    path.write_text(text)
    assert Layouts(SETTINGS, path).found_here('desk1') is None
    assert words in caplog.text
    assert words in calibrations.read(path)[1]


def test_one_bad_calibration_does_not_cost_the_others(path):
    path.write_text('{"desk1": {"scale": 9}, "desk2": {"offset_x_mm": 1}}')
    assert calibrations.read(path)[0] == {'desk2': Calibration(offset_x_mm=1.0)}


def test_what_cannot_be_written_down_does_not_count(path):
    layouts = Layouts({}, path)
    layouts.calibrate('desk1', HERE)
    path.with_name(f'{path.name}.part').mkdir()
    with pytest.raises(CalibrationLost, match='cannot be written down'):
        layouts.calibrate('desk1', SENT)
    assert layouts.found_here('desk1') == HERE
    assert Layouts({}, path).found_here('desk1') == HERE


@pytest.mark.parametrize(('calibration', 'words'), [
    (Calibration(), 'as it is'), (HERE, 'turned by 180°, 1.5 mm to the right'), (SENT, '2 mm up, 102.0 % of its size'),
    (Calibration(offset_x_mm=-0.5, offset_y_mm=1.0), '0.5 mm to the left, 1 mm down')])
def test_a_calibration_in_words(calibration, words):
    assert calibrations.describe(calibration) == words
