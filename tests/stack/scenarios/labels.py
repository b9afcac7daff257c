"""Labels of all usual sizes, turned in all ways, on printers that list their sheets differently.

A print agent, CUPS and virtual printers; in the place of Indico somebody who sends signed webhooks, because what Indico
draws is the page, and where it comes out is decided behind it. Measured on what the printers received.
"""

import hashlib
import io
import json
import subprocess
import time
import urllib.request
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from print_agent.protocol import messages as p
from print_agent.protocol import signing
from print_agent.protocol.calibration import Calibration

from tests.stack import received
from tests.stack.agent import COMMAND, PrintAgent
from tests.stack.facts import Facts
from tests.stack.folder import run_folder
from tests.stack.papers import read
from tests.stack.printer import HERE, Printer
from tests.stack.printing import Printing
from tests.stack.process import die_with_signals, wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario


SIZES = {'62x29': (62, 29), '54x86': (54, 86), '96x134': (96, 134), '102x152': (102, 152), 'A6': (105, 148),
         '4x3in': (101.6, 76.2)}
#: What printers call a label of a size: CUPS takes the one for the other, and asks for the one that has a name
LISTED = {(102, 152): (101.6, 152.4)}
TURNS = (0, 90, 180, 270)
#: How far sheet and position may be off, in mm
TOLERANCE = 0.2
#: A frame so far inside the page, so thick; and a block in its top left corner: left, top, width and height. In mm
INSET, LINE, BLOCK = 1.0, 0.5, (4, 4, 8, 5)
MM = 72 / 25.4
MARGINS = ''.join(f'MEMBER integer media-{side}-margin 0 ' for side in ('top', 'bottom', 'left', 'right'))
ANY_SIZE = ('custom_min_20x20mm', 'custom_max_300x450mm')


@dataclass(frozen=True)
class Kind:
    """How a printer lists its sheets, and what it takes."""

    #: Whether it takes PDF; else pixels of that format
    takes: str
    dpi: int
    #: Whether it has names for the sizes, upright or on their side
    named: str = ''
    has_any_size: bool = False


KINDS = {
    'pdf-any-size': Kind('application/pdf', 300, has_any_size=True),
    'pdf-one-way': Kind('application/pdf', 300, named='upright'),
    'gray-300-one-way': Kind('image/urf', 300, named='upright'),
    'gray-203-across': Kind('image/urf', 203, named='across', has_any_size=True),
    'mono-203-any-size': Kind('image/pwg-raster', 203, has_any_size=True),
}


@scenario('labels', 'Six sizes of labels, upright and across, turned in four ways, on five kinds of printers.')
def labels():
    die_with_signals()
    with run_folder() as folder, Printing(folder, []) as printing:
        printers = {name: _printer(name, kind, printing) for name, kind in KINDS.items()}
        printers['small'] = _printer('small', Kind('application/pdf', 300, named='small', has_any_size=True), printing)
        agent = PrintAgent('laptop', folder, printing, list(printers))
        secrets = {name: signing.new_secret() for name in printers}
        agent.add_webhooks(secrets)
        try:
            agent.start()
            return _run(agent, printers, secrets)
        finally:
            for service in (agent, *printers.values()):
                service.stop()


def _run(agent, printers, secrets):
    facts, off, worst = Facts(), defaultdict(list), Counter()
    wanted = [(name, size, turn) for name in KINDS for size in _pages() for turn in TURNS]
    say(f'{len(wanted)} badges are sent to {len(KINDS)} printers')
    facts.checked_in = len(wanted)
    with ThreadPoolExecutor(len(KINDS)) as pool:
        by_printer = {name: [each for each in wanted if each[0] == name] for name in KINDS}
        papers = dict(pair for found in pool.map(
            lambda name: _print_all(agent, printers[name], secrets[name], by_printer[name]), KINDS) for pair in found)
    for (name, size, turn), paper in papers.items():
        what = f'{name}: {size[0]:g} x {size[1]:g} mm turned by {turn}'
        if paper is None:
            facts.lost += 1
            facts.faults.append(f'{what} did not come out.')
            continue
        page = received.read(paper.path)[0]
        # painting one makes whole pixels of it
        made = read(paper.path).pages[0] if KINDS[name].takes == 'application/pdf' else page.size
        faults, distances = _judge(page, made, KINDS[name], size, turn)
        for measure, mm in distances.items():
            worst[measure] = max(worst[measure], mm)
        off[name] += faults
        facts.printed += not faults
        facts.faults += [f'{what}: {fault}' for fault in faults]
    say('a badge 3 mm larger than what is loaded')
    refused = _too_large(agent, printers['small'], secrets['small'], facts)
    return facts, {'sizes': list(SIZES), 'turns': TURNS, 'printers': {name: len(by_printer[name]) for name in KINDS},
                   'sheet_off_mm': round(worst['sheet'], 2), 'position_off_mm': round(worst['position'], 2),
                   'too_large': refused}


def _pages():
    """Each size as it is named, and on its side."""
    return [size for width, height in SIZES.values() for size in ((width, height), (height, width))]


def _printer(name, kind, printing):
    conf = printing.folder / f'{name}.conf'
    conf.write_text(_attributes(kind))
    printer = Printer(name, printing.folder, printing.dbus.env, attributes=conf).start()
    printing.cups.add_queue(name, printer.uri)
    return printer


def _attributes(kind):
    """The attributes of a virtual printer with these sheets and no others."""
    listed = [LISTED.get(size, size) for size in SIZES.values()]
    sizes = {'': [(210, 297)], 'small': [(93, 134)], 'upright': [(min(s), max(s)) for s in listed],
             'across': [(max(s), min(s)) for s in listed]}[kind.named]
    names = [f'oe_label-{number}_{width:g}x{height:g}mm' for number, (width, height) in enumerate(sizes)]
    fixed = [f'{{ MEMBER integer x-dimension {round(width * 100)} MEMBER integer y-dimension {round(height * 100)} }}'
             for width, height in sizes]
    span = ['{ MEMBER rangeOfInteger x-dimension 2000-30000 MEMBER rangeOfInteger y-dimension 2000-45000 }']
    all_sizes = fixed + (span if kind.has_any_size else [])
    columns = [f'{{ MEMBER collection media-size {size} {MARGINS}}}' for size in all_sizes]
    quoted = ','.join(f'"{name}"' for name in (*names, *(ANY_SIZE if kind.has_any_size else ())))
    text = (HERE / 'printer.conf').read_text()
    head, __, rest = text.partition('ATTR keyword media-supported')
    tail = rest[rest.index('ATTR keyword media-col-supported'):]
    ready = ','.join(f'"{name}"' for name in names)
    media = '\n'.join((
        f'ATTR keyword media-supported {quoted}', f'ATTR keyword media-default "{names[0]}"',
        f'ATTR keyword media-ready {ready}', f'ATTR collection media-size-supported {",".join(all_sizes)}',
        f'ATTR collection media-col-database {",".join(columns)}', f'ATTR collection media-col-default {columns[0]}',
        f'ATTR collection media-col-ready {",".join(columns[:len(names)])}', ''))
    text = (head + media + tail).replace('application/pdf', kind.takes).replace('300dpi', f'{kind.dpi}dpi')
    text = text.replace('"RS300"', f'"RS{kind.dpi}"')
    if 'pwg' not in kind.takes:
        return text
    # a label printer: one bit for each dot, and nothing else
    text = text.replace('"srgb_8","sgray_8"', '"black_1"').replace('color-supported true', 'color-supported false')
    text = text.replace('"auto","color","monochrome"', '"bi-level"')
    text = text.replace('print-color-mode-default "auto"', 'print-color-mode-default "bi-level"')
    return '\n'.join(line for line in text.splitlines() if 'urf-supported' not in line) + '\n'


def _print_all(agent, printer, secret, wanted):
    """Print badges one after the other; return each with its `Paper`, or with None."""
    found = []
    for _name, size, turn in wanted:
        job = _send(agent, printer.name, secret, size, turn)
        wait_until(lambda job=job: _paper(printer, job) is not None, 30, interval=0.1)
        found.append(((printer.name, size, turn), _paper(printer, job)))
    return found


def _paper(printer, job):
    return next((paper for paper in printer.papers() if job in paper.title), None)


def _send(agent, queue, secret, size, turn):
    """POST a badge to the agent, with a calibration that turns it. Return the id of the job."""
    document, job = _badge(*size), str(uuid.uuid4())
    header = p.Job(job=job, dispatch=1, title='Badge', kind='badge', width_mm=size[0], height_mm=size[1],
                   length=len(document), sha256=hashlib.sha256(document).hexdigest(), expires_in=600.0, go=True,
                   print_within=60.0, calibration=Calibration(orientation=turn))
    payload = p.encode(p.Delivery(type='badge.print', timestamp='2026-01-01T00:00:00Z',
                                  data=p.DeliveryData(job=header)))
    body = (b'--b\r\nContent-Disposition: form-data; name="payload"\r\nContent-Type: application/json\r\n\r\n' + payload
            + b'\r\n--b\r\nContent-Disposition: form-data; name="document"; filename="badge.pdf"\r\n'
            b'Content-Type: application/pdf\r\n\r\n' + document + b'\r\n--b--\r\n')
    headers = {**signing.headers([secret], job, int(time.time()), body),
               'Content-Type': 'multipart/form-data; boundary=b'}
    request = urllib.request.Request(agent.webhook_url(queue), body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202
    return job


def _badge(width, height):
    """Make a badge: a frame inside its edge, and a block in its top left corner."""
    writer = PdfWriter()
    page = writer.add_blank_page(width * MM, height * MM)
    inner = INSET + LINE / 2
    x, y, w, h = BLOCK
    drawing = DecodedStreamObject()
    drawing.set_data(f'{MM:.6f} 0 0 {MM:.6f} 0 0 cm {LINE} w {inner} {inner} {width - 2 * inner} {height - 2 * inner} '
                     f're S {x} {height - y - h} {w} {h} re f'.encode())
    page[NameObject('/Contents')] = writer._add_object(drawing)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _expected(kind, size, turn):
    """Return the sizes of the sheet and of the badge as it lies on it, and by how many degrees that is turned."""
    badge = size[::-1] if turn % 180 else size
    if not {'upright': badge[0] <= badge[1], 'across': badge[0] >= badge[1]}.get(kind.named, True):
        badge, turn = badge[::-1], (turn + 90) % 360
    upright = LISTED.get((min(badge), max(badge))) if kind.named else None
    return (badge if upright is None else upright if badge[0] < badge[1] else upright[::-1]), badge, turn


def _judge(page, made, kind, size, turn):
    """Return what is wrong with a page, and how far its sheet and what is on it are off, in mm.

    :param made: Width and height of the page in mm
    """
    sheet, badge, turned = _expected(kind, size, turn)
    faults = []
    distances = {'sheet': max(abs(a - b) for a, b in zip(made, sheet, strict=True))}
    box = page.box()
    # in the middle of the sheet, as far from the edges of the badge as it was drawn
    left, top = ((a - b) / 2 for a, b in zip(sheet, badge, strict=True))
    frame = (left + INSET, top + INSET, left + badge[0] - INSET, top + badge[1] - INSET)
    # of its middle: filters blacken each dot that a line touches, so that the frame is larger by a dot at most
    distances['position'] = max(abs(box[n] + box[n + 2] - frame[n] - frame[n + 2]) / 2 for n in (0, 1))
    faults += [f'the {what} is {mm:.2f} mm off' for what, mm in distances.items() if mm > TOLERANCE]
    if max(abs(a - b) for a, b in zip(box, frame, strict=True)) > TOLERANCE + 1 / page.scale:
        faults.append('an edge of the badge is cut off or moved')
    x, y, w, h = BLOCK
    middle = x + w / 2, y + h / 2
    corners = {0: middle, 90: (sheet[0] - middle[1], middle[0]), 180: (sheet[0] - middle[0], sheet[1] - middle[1]),
               270: (middle[1], sheet[1] - middle[0])}
    black = [degrees for degrees, (cx, cy) in corners.items() if page.is_black(cx, cy)]
    if black != [turned]:
        faults.append(f'it lies turned by {black}, not by {turned}')
    if kind.takes == 'image/pwg-raster' and page.bits != 1:
        faults.append(f'the printer got {page.bits} bits for a dot, not 1')
    return faults, distances


def _too_large(agent, printer, secret, facts):
    """Send a badge 3 mm wider than what is loaded: nothing may be fed, and the agent says why."""
    job = _send(agent, printer.name, secret, (96, 134), 0)

    def outcome():
        done = subprocess.run([COMMAND, '--config', agent.folder, 'status', '--json', '--limit', '1000'],
                              capture_output=True, text=True, check=False)
        found = [each for each in json.loads(done.stdout)['jobs'] if each['job'] == job]
        return found[0] if found and found[0]['state'] in {'returned', 'failed'} else None

    wait_until(outcome, 30, interval=0.5)
    found = outcome() or {}
    fed = len(printer.papers())
    if fed or found.get('reason') != 'does_not_fit':
        facts.faults.append(f'{fed} badges of 96 x 134 mm came out on labels of 93 x 134 mm: {found}')
    return {'fed': fed, 'state': found.get('state'), 'reason': found.get('reason')}
