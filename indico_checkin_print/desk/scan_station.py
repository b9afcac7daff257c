"""The scan station: a code or a name becomes one answer and a check-in, which can be undone for a moment."""

from datetime import datetime

from flask import jsonify, request, session

from indico.util.date_time import format_date, format_time, now_utc
from indico.web.flask.util import url_for

from indico_checkin_print import _
from indico_checkin_print.badge.persons import name_of
from indico_checkin_print.desk.answers import Answer
from indico_checkin_print.desk.badge_desk import waits_for_badge_desk
from indico_checkin_print.desk.base import RHVolunteerBase, WPVolunteer
from indico_checkin_print.desk.edit_rules import may_change
from indico_checkin_print.desk.own_desk import own_desk
from indico_checkin_print.desk.people import optional_id, summary
from indico_checkin_print.desk.scan import Scan, code_patterns, scan_code, scan_person, undo
from indico_checkin_print.ledger.states import MAY_BE_OUT
from indico_checkin_print.management.base import static
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.jobs import Job, JobState


#: What the page's script says, by its own names
WORDS = {
    'lost': _('No connection to Indico. Scans that wait: {}. They are kept in this window and sent in their order. '
              'Continue to scan, and leave the window open.'),
    'refused': _('You are logged out, or may not check people in any more. Scans that wait: {}. They are kept in this '
                 'window and sent when you are logged in again.'),
    'kept': _('Kept'),
    'kept_sentence': _('It is not known yet whether this ticket is good.'),
    'waiting': _('More scans that wait for their answer: {}'),
    'full_word': _('Not taken'),
    'full': _('Too many scans wait for the connection. Write this name down.'),
    'nobody': _('No ticket of this event'),
    'accompanies': _('comes with {}'),
    'all_the_same': _('Check in all the same'),
    'badge': _('Badge:'),
    'no_badge': _('This form prints no badges.'),
    'not_undone': _('Not undone'),
    'close': _('Close'),
    'edit_failed': _('No answer from Indico. Close this and try again.'),
    'action_failed': _('No answer from Indico: it is not known whether the badge prints. Try again.'),
    'action_refused': _('Not possible. If you are logged in, scan the ticket again.'),
    'loading': _('One moment…'),
    'edit': _('Edit for this print'),
    'cancel': _('Cancel'),
    'print_failed': _('No answer from Indico: it is not known whether the badge prints. Close this and look at the '
                      'board of the desk.'),
    'show_failed': _('No answer from Indico: the badge cannot be shown now. Try again.'),
    'undo_failed': _('Indico did not answer. Scan the ticket again to see whether it is checked in.'),
    'search_failed': _('No answer from Indico. Try again.'),
    'camera_failed': _('The camera does not work.'),
    'camera_NotAllowedError': _('The browser may not use the camera. Allow it in the settings of this page.'),
    'camera_NotFoundError': _('There is no camera.'),
    'camera_NotReadableError': _('Another program uses the camera.'),
    'camera_NotSupportedError': _('Browsers use a camera only on pages with https.'),
    'camera_NetworkError': _('What reads the codes could not be loaded. Check the connection.'),
}


class WPScanStation(WPVolunteer):
    """The page of the scan station."""

    def get_extra_css_files(self):
        return [*WPVolunteer.get_extra_css_files(self), static('scan.css')]

    def get_extra_js_files(self):
        return [*WPVolunteer.get_extra_js_files(self), *map(static, (
            'wedge.js', 'camera.js', 'scan_queue.js', 'scan_sound.js', 'scan_only.js', 'scan_people.js',
            'scan_badges.js', 'scan_undo.js', 'scan_lines.js', 'edit_print.js', 'scan.js'))]


class RHScanStation(RHVolunteerBase):
    """Show the page. All that it does is done by its script."""

    def _process(self):
        mine = own_desk(self.event, session.user)
        # the decoder finds its second file beside the first one, so the version cannot be in the argument of a URL
        vendor_url = url_for('plugin_checkin_print.static', filename='vendor/zxing')
        return WPScanStation.render_template('scan.html', event=self.event, title=_('Scan station'),
                                             handlers=code_patterns(), mine=mine.desk if mine else None,
                                             vendor_url=vendor_url, may_edit=bool(may_change(self.event)),
                                             prints=CheckinSource.scan in setup_of(self.event).sources,
                                             edit=optional_id(request.args.get('edit', '')),
                                             person=request.args.get('person', '')[:100],
                                             words={key: str(text) for key, text in WORDS.items()})


class RHScan(RHVolunteerBase):
    """Answer a scan, and check its person in, or print the badge that waits for it, if nothing speaks against it.

    The form has either ``code``, as it was read, with ``handler`` if it matches the pattern of a plugin's codes, or
    ``registration``, of somebody who was found by name, with ``unpaid_too`` if they may come in without having paid.
    A keyboard of another layout than the scanner's garbles a code: ``by_position`` is what its keys are on the layout
    of the scanner, and is read if ``code`` says nothing.
    """

    def _process(self):
        return jsonify(describe(self._scan(), self.event))

    def _scan(self):
        if 'registration' in request.form:
            id_ = optional_id(request.form['registration'])
            return (Scan(Answer.unknown) if id_ is None else
                    scan_person(self.event, id_, unpaid_too='unpaid_too' in request.form))
        scan = scan_code(self.event, request.form.get('code', ''), request.form.get('handler', ''))
        if scan.answer == Answer.unknown and (other := request.form.get('by_position')):
            scan = scan_code(self.event, other, request.form.get('handler_by_position', ''))
        return scan


class RHScanOnly(RHScan):
    """Answer a scan as `RHScan` does, and print nothing: the badge waits for the badge desk, if the event has one."""

    def _process(self):
        scan = self._scan()
        result = describe(scan, self.event)
        if scan.checked_in_dt is not None:
            result['sentence'] = (_('Checked in. Badge at the badge desk.') if waits_for_badge_desk(scan.registration)
                                  else _('Checked in. No badge is printed.'))
        return jsonify(result)


class RHUndoScan(RHVolunteerBase):
    """Undo what a scan of a moment ago did: the form names the ``registration`` and that check-in's time."""

    def _process(self):
        id_ = optional_id(request.form.get('registration', ''))
        try:
            checked_in_dt = datetime.fromisoformat(request.form.get('checked_in_dt', ''))
        except ValueError:
            checked_in_dt = None
        registration = None
        if id_ is not None and checked_in_dt is not None and checked_in_dt.tzinfo is not None:
            registration = undo(self.event, id_, checked_in_dt)
        if registration is None:
            return jsonify(undone=False, sentence=_('It is too late: nothing was changed. Undo the check-in in the '
                                                    'list of participants.'))
        sentence = _('{} is not checked in any more.').format(name_of(registration))
        if count := _count_out(registration, checked_in_dt):
            please = _('Please collect the badge.') if count == 1 else _('Please collect the badges.')
            sentence = f'{sentence} {please}'
        return jsonify(undone=True, word=_('Undone'), sentence=sentence)


def _count_out(registration, checked_in_dt):
    """Return how many badges of a check-in are, or may be, on paper."""
    return Job.query.filter(Job.registration_id == registration.id, Job.checked_in_dt == checked_in_dt,
                            Job.purpose == Job.PURPOSE_BADGE, Job.state.in_(MAY_BE_OUT)).count()


def describe(scan, event):
    """Return what the page shows of a `Scan`, as JSON has it."""
    answer = scan.answer
    result = {'answer': answer, 'word': answer.word, 'tone': answer.tone, 'sentence': answer.sentence}
    if scan.other_event is not None and scan.other_event.can_access(session.user):
        result['sentence'] = _('This ticket is for "{}". Nobody was checked in.').format(scan.other_event.title)
    if scan.registration is None:
        return result
    result |= summary(scan.registration, scan.person) | {'person': scan.person}
    if scan.checked_in_dt is not None:
        result['checked_in_dt'] = scan.checked_in_dt.isoformat()
    elif answer == Answer.already_in:
        result['word'] = since(scan.registration.checked_in_dt, event.tzinfo)
    elif answer == Answer.welcome:
        badge = _('The badge prints.') if JobState.queued in scan.states else _('The badge waits.')
        result['sentence'] = f'{_checked_in_at(scan.registration.checked_in_dt, event.tzinfo)} {badge}'
    elif answer == Answer.not_paid and scan.badges:
        not_paid = (_('The badge waits, as this event prints none before the registration is paid.')
                    if scan.none_unpaid else _('The registration is not paid: no badge is printed.'))
        result['sentence'] = f'{_checked_in_at(scan.registration.checked_in_dt, event.tzinfo)} {not_paid}'
        # without a text there is no such button
        result['all_the_same'] = '' if scan.none_unpaid else _('Badge all the same')
    return result


def since(dt, tzinfo):
    """Return in words since when somebody is in: the day only if it is not today."""
    return _at(dt, tzinfo, _('Already in since {}'), _('Already in since {day}, {time}'))


def _checked_in_at(dt, tzinfo):
    return _at(dt, tzinfo, _('Checked in at {}.'), _('Checked in on {day} at {time}.'))


def _at(dt, tzinfo, today, earlier):
    time = format_time(dt, 'short', timezone=tzinfo)
    if dt.astimezone(tzinfo).date() == now_utc().astimezone(tzinfo).date():
        return today.format(time)
    return earlier.format(day=format_date(dt, 'medium', timezone=tzinfo), time=time)
