"""What the doctor concludes from what it saw. Pure: facts in, findings out; each is fine, or says what to do."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from print_agent.printing.addresses import is_service, printer_uri
from print_agent.printing.ipp import PRINTER_STOPPED, PrinterView, words
from print_agent.printing.layout import Layout, turned_besides
from print_agent.printing.recognize import Way
from print_agent.protocol import media, reasons
from print_agent.web.status import PrinterStatus, Snapshot


#: A clock that is off by more than this is wrong, in seconds.
MAX_CLOCK_OFFSET = 60.0
#: Less free space than this is too little, in bytes.
MIN_FREE_DISK = 200 * 1024 * 1024
#: A certificate that expires sooner is a problem, in days.
MIN_CERTIFICATE_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor. ``check`` is what was checked, in words; ``text`` what was seen, or what to do."""

    check: str
    ok: bool
    text: str


#: What the way in which badges are known at a printer means for who reads it.
_WAYS: dict[Way | None, str] = {
    'name': 'it says when a badge is done',
    'new': 'it hides the names of jobs. It says when a badge is done as long as this computer is the only one that '
           'prints there as this user; else badges are "sent"',
    'none': 'it does not show which of its jobs is a badge, so badges are "sent"',
    None: 'it is busy; run this again when nothing prints, to learn whether it says when a badge is done'}


def fine(check: str, text: str) -> Finding:
    """Return a finding about which nobody has to do anything."""
    return Finding(check=check, ok=True, text=text)


def wrong(check: str, text: str) -> Finding:
    """Return a finding whose text says what to do."""
    return Finding(check=check, ok=False, text=text)


# -- this computer ----------------------------------------------------------------------------------------------------

def permissions(check: str, path: object, mode: int, owner: int, me: int, *, folder: bool = False) -> Finding:
    """Judge a file or folder with secrets. ``owner`` and ``me`` are numbers of users."""
    if owner != me and me != 0:
        return wrong(check, f'{path} belongs to another user. Pair again as the user who runs the agent, or run: '
                            f'sudo chown -R $USER {path}')
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return wrong(check, f'{path} is open to other users of this computer. Run: '
                            f'chmod {700 if folder else 600} {path}')
    return fine(check, f'only its owner can read {path}')


def disk(free: int) -> Finding:
    """Judge the space that is left for the spool, in bytes."""
    mib = free // 1024 ** 2
    if free < MIN_FREE_DISK:
        return wrong('disk', f'Only {mib} MiB are free where the spool is. Delete files that are not needed.')
    return fine('disk', f'{mib} MiB free')


def clock(check: str, date: str, before: float, after: float) -> Finding:
    """Judge this computer's clock by the ``Date`` of an answer, asked for and received at these times (seconds)."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return fine(check, 'the server does not say what time it is')
    # it was that time at some moment between the two, and in that second
    off = before - (theirs + 1) if before > theirs + 1 else after - theirs if after < theirs else 0.0
    if abs(off) > MAX_CLOCK_OFFSET:
        minutes = f'{abs(off) / 60:.0f} minutes' if abs(off) > 120 else f'{abs(off):.0f} seconds'
        return wrong(check, f"This computer's clock is {minutes} {'ahead of' if off > 0 else 'behind'} Indico's. Run: "
                            f'sudo timedatectl set-ntp true')
    return fine(check, "agrees with Indico's")


# -- what the running agent says -------------------------------------------------------------------------------------

def agent(seen: Snapshot) -> list[Finding]:
    """Judge what the running agent says of itself: only it knows what was paused, or that it was disconnected."""
    waiting = f'{seen.queued} badge{"" if seen.queued == 1 else "s"} wait{"s" if seen.queued == 1 else ""} in it'
    found = [wrong('agent', 'It is shutting down.') if seen.stopping else fine('agent', f'runs; {waiting}')]
    found += [fine(f'agent to {link.id}', link.words) if link.state != 'down' else
              wrong(f'agent to {link.id}', f'The running agent gets no badges for "{link.event}": {link.words}')
              for link in seen.connections]
    found += [_agents_printer(each) for each in seen.printers]
    found += [wrong('print queues', sentence) for sentence in seen.left_out]
    if seen.questions:
        found.append(wrong('questions', f'Nobody knows whether these badges came out: '
                                        f'{", ".join(each.job[:8] for each in seen.questions[:10])}'
                                        f'{" and others" if len(seen.questions) > 10 else ""}. Check, and answer on '
                                        f'the local page (print-agent page --open) or in Indico.'))
    return found


def _agents_printer(seen: PrinterStatus) -> Finding:
    check, waits = f'agent with {seen.name}', f' Badges that wait for it here: {seen.depth}.' if seen.depth else ''
    if seen.paused:
        return wrong(check, f'It was paused at this computer.{waits} Run: print-agent resume {seen.name}')
    if seen.level == 'bad' or any(stalls(reason) for reason in seen.reasons):
        return wrong(check, f'{seen.words if seen.level == "bad" else "It will not print"}. '
                            f'{" ".join(seen.sentences)}{waits}')
    return fine(check, ' '.join([f'{seen.words}.', *seen.sentences]) + waits)


# -- CUPS and printers ------------------------------------------------------------------------------------------------

def queue(name: str, attrs: Mapping[str, Any], printer: PrinterView | str | None, *,
          server: bool = False, login: bool = False, layout: Layout | None = None,
          way: Way | None = None, badge: media.Size | None = None) -> list[Finding]:
    """Judge a print queue.

    :param printer: what the printer says itself, or a reason why it does not answer; None if it cannot be asked
    :param server: whether the printer is a print server
    :param login: whether the agent has a login for it
    :param layout: its settings in agent.toml
    :param way: how a badge is known among the printer's jobs; None if the printer was too busy to show that
    :param badge: the size of the last badge for it in mm; None if there was none
    """
    check = f'printer {name}'
    device = str(attrs.get('device-uri', ''))
    found = _state(check, name, attrs)
    uri = printer_uri(device)
    if uri is not None:
        if login or printer == 'printer_login':  # CUPS shows none, and what is said here must not take it away
            uri = uri.replace('://', '://USER:PASSWORD@', 1)
        model = str(attrs.get('printer-make-and-model', ''))
        if model.endswith('Raw Printer'):
            found.append(wrong(check, f'CUPS has not learned what this printer can do. Switch the printer on. '
                                      f'{_learn(name, uri)}'))
        elif not words(attrs.get('media-supported')):
            found.append(wrong(check, f'CUPS knows no label or paper size for it. {_learn(name, uri)}'))
        elif 'waitjob=false' not in device:
            found.append(wrong(check, f'The queue waits for its printer, so each badge takes a second longer. Run: '
                                      f'sudo lpadmin -p {name} -v "{uri}?waitjob=false"'))
        if attrs.get('printer-error-policy', 'retry-job') == 'stop-printer':
            found.append(wrong(check, f'After one error CUPS pauses the queue. Run: '
                                      f'sudo lpadmin -p {name} -o printer-error-policy=retry-job'))
    found += [*_printer(check, printer), *_turned(check, attrs, printer, layout or Layout()),
              *_labels(check, printer, layout or Layout(), badge)]
    if printer == 'printer_login':
        found.append(wrong(check, f'{reasons.sentence(printer)} ' + (
            'It does not accept that of agent.toml (login_file).' if login else
            f'Put user:password into a file that only you can read, and its name into agent.toml: '
            f'[printers.{name}] login_file.')))
    if found:
        return found
    if printer == 'printer_unreadable':
        return [fine(check, f'ready. {reasons.sentence(printer)}')]
    if printer is None:
        how = (f'. It could if its queue had its address. {_learn(name, "ipp://ADDRESS/ipp/print")}'
               if is_service(device) else '')
        return [fine(check, f'ready; it cannot say when a badge is done{how}')]
    if server:
        return [fine(check, 'ready; it is behind a print server, which cannot say when a badge is done')]
    loaded = ', '.join(printer.media[:3]) if isinstance(printer, PrinterView) else ''
    # a warning stops no badge, but "ready" alone would contradict what the running agent says of it
    warns = reasons.first(printer.reasons, '') if isinstance(printer, PrinterView) else ''
    return [fine(check, f'ready{": " + loaded if loaded else ""}; {_WAYS[way]}'
                        f'{". It says: " + reasons.sentence(warns) if warns else ""}')]


def remote_queue(name: str, attrs: Mapping[str, Any], host: str, layout: Layout) -> list[Finding]:
    """Judge a queue of a CUPS on another computer: what its addresses mean is known only there."""
    check = f'printer {name}'
    return [*_state(check, name, attrs, f' on {host}'), *_turned(check, attrs, None, layout)] or [
        fine(check, 'ready; its CUPS is on another computer, so the printer cannot be asked: its badges are "sent"')]


def _state(check: str, name: str, attrs: Mapping[str, Any], there: str = '') -> list[Finding]:
    found = []
    if not attrs.get('printer-is-accepting-jobs', True):
        found.append(wrong(check, f'The queue does not accept jobs. Run{there}: sudo cupsaccept {name}'))
    if attrs.get('printer-state') == PRINTER_STOPPED:
        found.append(wrong(check, f'The queue is paused. Run{there}: sudo cupsenable {name}'))
    return found


def _turned(check: str, attrs: Mapping[str, Any], printer: PrinterView | str | None, layout: Layout) -> list[Finding]:
    view = printer if isinstance(printer, PrinterView) else PrinterView(PRINTER_STOPPED)
    sheet = turned_besides(layout, words(attrs.get('media-supported')), view.media, takes_pdf=view.takes_pdf)
    if sheet is None:
        return []
    width, height = (f'{side:g}' for side in sheet.size)
    return [wrong(check, f'The queue has sheets of {width} x {height} mm, not of {height} x {width} mm, so a badge is '
                         f'turned by another 90 degrees for them. In agent.toml set media_mm = [{width}, {height}] for '
                         f'this printer, and orientation to how the badge lies on that.')]


def _labels(check: str, printer: PrinterView | str | None, layout: Layout, badge: media.Size | None) -> list[Finding]:
    """Whether the labels are those of the last badge. What a tech set says more than the printer."""
    if badge is None:
        return []
    if layout.orientation % 180:
        badge = media.turned(badge)
    if layout.media_mm is not None:
        return [] if media.fits(badge, layout.media_mm) else [wrong(
            check, f'The last badge measured {media.in_words(badge)}, more than the labels that agent.toml sets for '
                   f'this printer ({media.in_words(layout.media_mm)}). Correct media_mm, or load other labels.')]
    names = printer.media if isinstance(printer, PrinterView) else ()
    if media.is_loaded(badge, names):
        return []
    loaded = ', '.join(map(media.in_words, media.sizes(names)[:3]))
    return [wrong(check, f'The last badge measured {media.in_words(badge)}; {loaded} is loaded. Load the right labels, '
                         f'or set media_mm if they are in it.')]


def stalls(reason: str) -> bool:
    """Whether no badge comes out of a printer that says this: an error, or what stops it, said without a severity."""
    return reason.endswith('-error') or (reason in reasons.STALLING)


def _learn(name: str, uri: str) -> str:
    # Two commands: CUPS asks the printer at the very address of the queue, and printers do not know it with an option.
    return (f'Run: sudo lpadmin -p {name} -E -v "{uri}" -m everywhere && '
            f'sudo lpadmin -p {name} -v "{uri}?waitjob=false"')


def _printer(check: str, printer: PrinterView | str | None) -> list[Finding]:
    if printer in ('printer_login', 'printer_unreadable'):
        return []
    if isinstance(printer, str):
        return [wrong(check, f'{reasons.sentence(printer)} Check that it is switched on and connected.')]
    if printer is None:
        return []
    if not printer.accepting:
        return [wrong(check, reasons.sentence('printer_rejecting'))]
    # Many printers say "media-empty" without the "-error" that the standard has for it.
    if printer.state == PRINTER_STOPPED or any(stalls(reason) for reason in printer.reasons):
        return [wrong(check, reasons.sentence(reasons.first(printer.reasons, 'printer_stopped')))]
    return []


# -- Indico -----------------------------------------------------------------------------------------------------------

def polling(check: str, status: int, code: str) -> Finding:
    """Judge the answer to a question about a document that does not exist: status and code of the error."""
    if status == 404 and code == 'not_found':
        return fine(check, 'Indico answers and knows this agent')
    if status == 401:
        return wrong(check, "Indico does not know this agent's token, or it was revoked. Add an agent in Indico and "
                            'pair again: print-agent pair URL CODE')
    if status == 404:
        return wrong(check, 'This Indico has no check-in print plugin (any more). Ask its administrator.')
    if status == 407:
        return wrong(check, 'The proxy wants a login. Put it into [network] proxy (http://user:password@host:port).')
    if status == 429:
        return wrong(check, 'Too many unknown tokens came from this network. Try again in a minute.')
    if status >= 500:
        return wrong(check, f'Indico has a problem (HTTP {status}). Ask its administrator.')
    return wrong(check, f'Something that is not Indico answers (HTTP {status}): a login page of this network, or a '
                        f'proxy. Open the address in a browser.')


def websocket(check: str, problem: str, mode: str, *, rejected: bool = False, polling: bool = True) -> Finding:
    """Judge the way by websocket. ``problem`` is empty if it is open; ``polling``: whether the other way works."""
    if not problem:
        return fine(check, 'open')
    if mode == 'auto' and polling and not rejected:
        return fine(check, f'not open ({problem}); badges come by polling, up to two seconds later')
    return wrong(check, f'{problem[:1].upper()}{problem[1:]}.')


def certificate(check: str, ends: str, now: float) -> Finding:
    """Judge when the server's certificate expires; ``ends`` as Python's ssl gives it."""
    end = datetime.strptime(ends, '%b %d %H:%M:%S %Y %Z').replace(tzinfo=UTC)
    days = (end.timestamp() - now) / 86400
    if days < MIN_CERTIFICATE_DAYS:
        return wrong(check, f"Indico's certificate expires on {end:%Y-%m-%d}. Ask its administrator to renew it.")
    return fine(check, f'the certificate is trusted and good until {end:%Y-%m-%d}')
