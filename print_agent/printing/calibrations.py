"""The shape that each printer wants: its settings, and where badges lie on its labels.

What is set at this computer comes before what Indico sends with a badge: the tech who stands at the printer decides,
and a computer may serve events that know nothing of each other. In this order:

1. the calibration of ``print-agent calibrate`` or of the local page
2. ``orientation``, ``offset_x_mm``, ``offset_y_mm`` and ``scale`` of agent.toml, if one of them is set
3. the calibration that comes with the badge

One of them counts, never a sum: a calibration sheet is printed without any, so what is found on it is all there is to
know. The other settings of agent.toml (size of the labels, resolution, copies) always count.
"""

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from print_agent.errors import CalibrationLost
from print_agent.printing.layout import Layout
from print_agent.protocol.calibration import Calibration


log = logging.getLogger(__name__)

#: Name of the file beside the spool. It is one of its own, because a broken spool is given up.
FILE = 'calibrations.json'


class Layouts:
    """The layouts of all printers, by their names.

    :param settings: what agent.toml says
    :param path: the file with what was found here; None keeps it in memory
    """

    def __init__(self, settings: Mapping[str, Layout] | None = None, path: Path | None = None):
        self._settings = settings or {}
        self._path = path
        self._found = load(path) if path is not None else {}

    def settings(self, printer: str) -> Layout:
        """The layout of a printer as agent.toml says, without any calibration."""
        return self._settings.get(printer, Layout())

    def found_here(self, printer: str) -> Calibration | None:
        """The calibration of a printer that was found at this computer."""
        return self._found.get(printer)

    def is_set_here(self, printer: str) -> bool:
        """Whether this computer says where badges lie, so that what Indico says does not count."""
        return printer in self._found or self.settings(printer).calibration != Calibration()

    def of(self, printer: str, sent: Calibration | None = None) -> Layout:
        """The layout for a badge.

        :param sent: the calibration that came with it
        """
        settings = self.settings(printer)
        if sent is not None and (sent.alone or not self.is_set_here(printer)):
            return settings.calibrated(sent)
        found = self._found.get(printer)
        return settings if found is None else settings.calibrated(found)

    def calibrate(self, printer: str, calibration: Calibration | None) -> None:
        """Write down what was found for a printer, or forget it. Raises :class:`CalibrationLost`."""
        found = {name: each for name, each in self._found.items() if name != printer}
        if calibration is not None:
            found[printer] = calibration
        if self._path is not None:
            _write(self._path, found)
        self._found = found
        log.info('printer %s: %s', printer, 'calibrated' if calibration is not None else 'calibration removed')


def describe(calibration: Calibration) -> str:
    """A calibration in words."""
    x, y = calibration.offset_x_mm, calibration.offset_y_mm
    parts = [f'turned by {calibration.orientation}°'] if calibration.orientation else []
    parts += [f'{abs(x):g} mm to the {"right" if x > 0 else "left"}'] if x else []
    parts += [f'{abs(y):g} mm {"down" if y > 0 else "up"}'] if y else []
    parts += [f'{calibration.scale * 100:.1f} % of its size'] if calibration.scale != 1 else []
    return ', '.join(parts) or 'as it is'


def load(path: Path) -> dict[str, Calibration]:
    """Read the calibrations. One that cannot be read is left out: badges come out, and the doctor says so."""
    found, problem = read(path)
    if problem:
        log.warning('%s', problem)
    return found


def read(path: Path) -> tuple[dict[str, Calibration], str]:
    """Read the calibrations; return them, and in words what could not be read."""
    try:
        data: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}, ''
    except (OSError, ValueError) as exc:
        return {}, f'{path} cannot be read ({exc}). Calibrate the printers again.'
    found, lost = {}, []
    for name, each in (data.items() if isinstance(data, dict) else ()):
        try:
            found[name] = msgspec.convert(each, Calibration)
        except msgspec.ValidationError:
            lost.append(name)
    if lost or not isinstance(data, dict):
        what = f'of {", ".join(lost)} ' if lost else ''
        return found, f'The calibration {what}in {path} makes no sense. Calibrate again.'
    return found, ''


def _write(path: Path, found: Mapping[str, Calibration]) -> None:
    """Replace the file in one step: half of it would be worse than what was there."""
    part = path.with_name(f'{path.name}.part')
    try:
        with part.open('wb') as file:
            file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b'\n')
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        with contextlib.suppress(OSError):  # it may be what could not be written
            part.unlink(missing_ok=True)
        raise CalibrationLost(f'The calibration cannot be written down: {path}: {exc.strerror or exc}.') from exc
