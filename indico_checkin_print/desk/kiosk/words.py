"""What a kiosk says: to whom it prints for, to whom it does not, and what its page needs for each language."""

from babel import Locale
from flask_pluginengine import current_plugin

from indico.util.i18n import force_locale

from indico_checkin_print import _
from indico_checkin_print.desk.answers import Answer
from indico_checkin_print.desk.kiosk.base import languages_of
from indico_checkin_print.desk.scan_station import since
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.management.jobs.rows import PROBLEMS
from indico_checkin_print.management.setup.languages import page_languages
from indico_checkin_print.models.jobs import JobState


#: What the page says without asking Indico
WORDS = {
    'start': _('Scan your ticket'),
    'start_sentence': _('Hold the QR code of your ticket in front of the scanner. Your badge is printed.'),
    'camera': _('Use the camera'),
    'camera_off': _('Switch the camera off'),
    'camera_sentence': _('Hold the QR code of your ticket in front of the camera.'),
    'camera_failed': _('The camera does not work here.'),
    'wait': _('One moment…'),
    'confirm': _('Is this your name?'),
    'confirm_sentence': _('This is how it will be printed.'),
    'badges': _('Badges to print: {}'),
    'print': _('Print'),
    'cancel': _('No, go back'),
    'back': _('Back to the start'),
    'printing': _('Your badge is being printed'),
    'slow': _('It takes longer than usual'),
    'slow_sentence': _('Please ask at the desk.'),
    'wrong': _('Something is wrong'),
    'lost': _('No connection'),
    'lost_sentence': _('The kiosk has no connection to Indico. Please go to the desk, or try again in a minute.'),
    'lost_print': _('The connection was lost. If no badge comes out, please go to the desk.'),
    'sorry': _('That did not work'),
    'sorry_sentence': _('Please go to the desk.'),
    'language': _('Language'),
    'closed': _('This kiosk is closed'),
    'closed_sentence': _('Please go to the desk.'),
}


def describe_stop(scan, event):
    """Return what is said to somebody for whom nothing is printed, as JSON has it.

    Why it is so is between them and the desk: there may be a queue behind them.
    """
    if scan.answer == Answer.already_in:
        return {'answer': 'already_in', 'word': since(scan.registration.checked_in_dt, event.tzinfo),
                'sentence': _('Nothing is printed again here. If you need another badge, please go to the desk.')}
    if scan.answer in {Answer.unknown, Answer.other_event}:
        return {'answer': 'unknown', 'word': Answer.unknown.word,
                'sentence': _('This is not a ticket of this event. If you think it is, please go to the desk.')}
    return go_to_desk()


def go_to_desk():
    """Return what is said to somebody who needs a person."""
    return {'answer': 'desk', 'word': _('Please go to the desk'),
            'sentence': _('We cannot print your badge here. The people at the desk will help you.')}


def describe_badges(kiosk, jobs, *, number_of_printer=None):
    """Return what is said of the badges of a check-in.

    :param jobs: A `Job` for each badge; none if they are not in the ledger (yet).
    :param number_of_printer: Which printer of the desk it is, if it has several.
    """
    states = {job.state for job in jobs}
    if states & (PROBLEMS | {JobState.held}):
        return go_to_desk()
    sentence = where(kiosk, jobs, number_of_printer)
    if states and states <= OUT:
        return {'answer': 'out', 'word': _('Welcome! Please take your badge'), 'sentence': sentence}
    return {'answer': 'printing', 'word': WORDS['printing'], 'sentence': sentence}


def where(kiosk, jobs, number_of_printer):
    """Return in words where badges come out."""
    desk = next((job.desk for job in jobs if job.desk is not None and job.desk != kiosk.desk), None)
    if desk is not None:
        return _('Your badge comes out at this desk: {}').format(desk.name)
    if not kiosk.place:
        return (_('Your badge comes out at printer {}.').format(number_of_printer) if number_of_printer else
                _('Your badge comes out here.'))
    return (_('Your badge comes out {place}, printer {number}.').format(place=kiosk.place, number=number_of_printer)
            if number_of_printer else _('Your badge comes out {place}.').format(place=kiosk.place))


def languages_for_page(kiosk):
    """Return each language of a kiosk with all words of the page."""
    names, codes = page_languages(), languages_of(kiosk)
    found = []
    for code in codes:
        locale = Locale.parse(code)
        name, territory, __ = names.get(code, (locale.display_name, '', False))
        # the country only if people can choose between two
        ambiguous = sum(names.get(x, ('',))[0] == name for x in codes) > 1
        with force_locale(code):
            words = {key: str(text) for key, text in WORDS.items()}
        found.append({'code': code, 'tag': code.replace('_', '-'), 'direction': locale.text_direction,
                      'name': f'{name} ({territory})' if ambiguous and territory else name, 'words': words})
    return found


def version_of_page(kiosk):
    """Return what changes if the page of a kiosk has to be loaded again."""
    return repr((current_plugin.version, kiosk.name, languages_of(kiosk), kiosk.event.title))
