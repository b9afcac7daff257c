"""Kiosks: a scan becomes a name, the name a check-in and a badge. They can do that, call the desk, and nothing else."""

from typing import Annotated

from flask import make_response, session
from msgspec import Meta, Struct
from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.core.plugins import render_plugin_template
from indico.modules.events import EventLogRealm
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs import LogKind
from indico.web.flask.util import url_for

from indico_checkin_print import _, calls
from indico_checkin_print.api.base import answer
from indico_checkin_print.api.pairing import redeem
from indico_checkin_print.badge.persons import name_of, persons_of
from indico_checkin_print.badge.printed_name import printed_name
from indico_checkin_print.badge.template_choice import choose_template
from indico_checkin_print.credentials import KIOSK_PREFIX, new_token
from indico_checkin_print.desk.answers import Answer
from indico_checkin_print.desk.kiosk import limits
from indico_checkin_print.desk.kiosk.base import (RHKioskAction, RHKioskBase, RHKioskRequest, kiosk_of_request,
                                                  set_cookie)
from indico_checkin_print.desk.kiosk.handles import new_follow, new_scan, read_follow, redeem_scan
from indico_checkin_print.desk.kiosk.words import (describe_badges, describe_stop, go_to_desk, languages_for_page,
                                                   version_of_page)
from indico_checkin_print.desk.scan import code_patterns, find_code, scan_person
from indico_checkin_print.desk.ticket_code import MAX_CODE
from indico_checkin_print.management.base import static
from indico_checkin_print.management.setup.languages import html_language
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.kiosks import Kiosk
from indico_checkin_print.signals.origin import note_kiosk


Code = Annotated[str, Meta(max_length=MAX_CODE)]
Handle = Annotated[str, Meta(max_length=400)]


class PairRequest(Struct):
    """Body of a pairing."""

    code: Annotated[str, Meta(max_length=40)]


class ScanRequest(Struct):
    """Body of a scan: what was read, with the name of the plugin's handler whose pattern it matches.

    ``by_position`` is the same if the keyboard has the layout of the scanner (see `scan_station`).
    """

    code: Code = ''
    handler: Handle = ''
    by_position: Code = ''
    handler_by_position: Handle = ''


class HandleRequest(Struct):
    """Body of what is asked about the person before the kiosk."""

    handle: Handle = ''


class RHKiosk(RHKioskBase):
    """Show the page of a kiosk; in a browser that is none, the page that takes its code."""

    def _process(self):
        kiosk = kiosk_of_request()
        if kiosk is None:
            return render_plugin_template('checkin_print:kiosk_start.html', static=static,
                                          language=html_language(session.lang))
        page = {'languages': languages_for_page(kiosk), 'seconds': limits.SECONDS, 'handlers': code_patterns(),
                'version': version_of_page(kiosk),
                'vendor': url_for('plugin_checkin_print.static', filename='vendor/zxing')}
        return render_plugin_template('checkin_print:kiosk.html', kiosk=kiosk, page=page, static=static,
                                      words=page['languages'][0]['words'])


class RHPairKiosk(RHKioskRequest):
    """Swap a one-time code for a token, which only the browser's cookies know from then on."""

    def _process(self):
        kiosk = redeem(Kiosk, self.read(PairRequest).code,
                       str(_('This code is wrong, expired or used already. Make a new one on the page "Check-in '
                             'printing" of the event.')))
        token = new_token(KIOSK_PREFIX)
        # a browser with the old token is cut off
        kiosk.pair(token)
        kiosk.scan = None
        kiosk.seen_dt = kiosk.paired_dt
        kiosk.event.log(EventLogRealm.management, LogKind.positive, 'Check-in printing', f'Kiosk "{kiosk.name}" paired')
        response = make_response(answer({'paired': True}))
        set_cookie(response, token)
        return response


class RHKioskAlive(RHKioskAction):
    """Note that the page is open, and say whether it has to be loaded again."""

    def _answer(self):
        return answer({'version': version_of_page(self.kiosk)})


class RHKioskScan(RHKioskAction):
    """Answer a scanned code: with the name of its person, if a badge can be printed. Checks nobody in."""

    LOCKS = True

    def _answer(self):
        body = self.read(ScanRequest)
        # whatever comes of this scan, the last one has ended
        self.kiosk.scan = None
        limits.check('unknown', self.kiosk)
        limits.count('scan', self.kiosk)
        scan = find_code(self.event, body.code, body.handler)
        if scan.answer == Answer.unknown and body.by_position:
            scan = find_code(self.event, body.by_position, body.handler_by_position)
        if scan.answer in {Answer.unknown, Answer.other_event}:
            limits.count('unknown', self.kiosk)
        if scan.answer != Answer.welcome:
            return _json(describe_stop(scan, self.event))
        if not _prints(scan):
            return _json(go_to_desk())
        setup = scan.registration.registration_form.checkin_print_setup
        prints_badge = setup.kind == BadgeKind.badge
        name = (printed_name(scan.registration, choose_template(scan.registration, setup, scan.person).template,
                             scan.person) if prints_badge else '')
        return _json({'answer': 'confirm', 'name': name or name_of(scan.registration, scan.person),
                      # all persons of a registration are checked in together
                      'badges': len(scan.badges or persons_of(scan.registration)) if prints_badge else 1,
                      'handle': new_scan(self.kiosk, scan.registration, scan.person)})


class RHKioskPrint(RHKioskAction):
    """Check in and print the person of the last scan; only print who was checked in where nothing prints."""

    LOCKS = True

    def _answer(self):
        registration_id, person = redeem_scan(self.kiosk, self.read(HandleRequest).handle)
        note_kiosk(self.kiosk.device)
        scan = scan_person(self.event, registration_id, person)
        if scan.answer != Answer.welcome:
            return _json(describe_stop(scan, self.event))
        if not _prints(scan):
            # its form was switched off since the scan
            return _json(go_to_desk())
        return _json(describe_badges(self.kiosk, ()) | {'handle': new_follow(self.kiosk, scan.registration)})


class RHKioskBadge(RHKioskAction):
    """Say what became of the badges of a check-in of a moment ago."""

    def _answer(self):
        jobs = badges_of(self.event, read_follow(self.kiosk, self.read(HandleRequest).handle))
        return _json(describe_badges(self.kiosk, jobs, number_of_printer=_number_of_printer(jobs)))


class RHKioskCall(RHKioskAction):
    """Call the desk, because something is wrong: that where the badge comes out, if there is one."""

    def _answer(self):
        handle = self.read(HandleRequest).handle
        limits.count('call', self.kiosk)
        jobs = badges_of(self.event, read_follow(self.kiosk, handle)) if handle else ()
        desk = next((job.desk for job in jobs if job.desk is not None), None) or self.kiosk.desk or (
            Desk.query.filter_by(event_id=self.event.id, is_deleted=False).order_by(Desk.id).first())
        if desk is None:
            return _json(go_to_desk())
        calls.call(desk, None, self.kiosk.name)
        return _json({'answer': 'called', 'word': _('The desk has been called'),
                      'sentence': _('Somebody is coming. Please wait here for a moment.')})


def _prints(scan):
    setup = scan.registration.registration_form.checkin_print_setup
    return setup is not None and setup.enabled


def badges_of(event, registration_id):
    """Return the jobs of the badges of the present check-in of a registration."""
    return (Job.query
            .join(Registration, db.and_(Registration.id == Job.registration_id,
                                        Registration.checked_in_dt == Job.checked_in_dt))
            .filter(Job.event_id == event.id, Job.registration_id == registration_id,
                    Job.purpose == Job.PURPOSE_BADGE, Job.reprint_of_id.is_(None), Job.webhook_id.is_(None))
            .options(joinedload('desk'))
            .order_by(Job.id)
            .all())


def _number_of_printer(jobs):
    """Return which of the printers of its desk prints a badge; ``None`` if it is not known, or there is only one."""
    for job in jobs:
        if job.agent_id is not None and job.desk is not None and len(job.desk.printers) > 1:
            for number, printer in enumerate(job.desk.printers, 1):
                if (printer.agent_id, printer.printer) == (job.agent_id, job.printer):
                    return number
    return None


def _json(data):
    """Return a JSON response; what is to be translated is in the language of the screen."""
    return answer({key: value if isinstance(value, int) else str(value) for key, value in data.items()})
