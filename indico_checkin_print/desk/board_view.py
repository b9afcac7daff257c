"""What the board of a desk shows. A request draws it for one viewer, the relay once for all who may see everybody.

Nothing in it depends on who looks, except for the people whom Indico hides from them, which the conditions leave out:
no token of a session is in it, and its buttons belong to a form that the page has.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import joinedload, selectinload

from indico.core.db import db
from indico.core.plugins import render_plugin_template
from indico.modules.events.registration.models.forms import RegistrationForm

from indico_checkin_print import _
from indico_checkin_print.diagnostics.standstill import WAITING, standstills
from indico_checkin_print.ledger.conditions import in_batch_queue, still_wanted
from indico_checkin_print.management.jobs.held import can_release
from indico_checkin_print.management.jobs.reprint import REASONS
from indico_checkin_print.management.jobs.rows import rows_of, waits_since
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.management.status import desk_statuses
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import now


#: How many people a board shows, how many badges that need somebody, and of which nobody knows whether they came out
MAX_ROWS, MAX_STUCK, MAX_QUESTIONS = 12, 6, 6
#: A badge that failed earlier is not for the people of today; one that is held expires after as long
FAILED_SHOWN_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Headline:
    """The state of a desk in words, and its colour: one of the classes of Indico's labels."""

    text: str
    css: str


def find_desk(event_id, desk_id):
    """Return a desk of an event with all that its board asks of it, or ``None``."""
    return (Desk.query.filter_by(event_id=event_id, id=desk_id, is_deleted=False)
            .options(joinedload('event'), joinedload('webhook'), joinedload('tech_call').joinedload('user'),
                     selectinload('printers').joinedload('agent').selectinload('breakers'))
            .populate_existing()
            .first())


def render(desk, conditions=()):
    """Return the parts of a board that change, as HTML.

    :param conditions: Which jobs the viewer may see (`visibility.visible`); none is all of them.
    """
    html = render_plugin_template('checkin_print:board_live.html', **context(desk, conditions))
    # it goes to many browsers, and a third of it would be blanks
    return '\n'.join(filter(None, map(str.strip, html.splitlines())))


def context(desk, conditions):
    """Return what the templates of a board want to know about a desk."""
    of_desk = [Job.event_id == desk.event_id, Job.desk_id == desk.id, Job.webhook_id.is_(None), *conditions]
    unknown = [id_ for id_, in _ids(of_desk, Job.state == JobState.unknown).limit(MAX_QUESTIONS)]
    is_stuck = needs_somebody(paused=_is_paused(desk))
    # all are counted, so that PostgreSQL looks for them by their state, and not through all badges of the desk
    stuck = _ids(of_desk, is_stuck).add_columns(db.func.count().over()).limit(MAX_STUCK).all()
    latest = [id_ for id_, in _ids(of_desk, Job.state != JobState.unknown, ~in_batch_queue(), ~is_stuck)
              .limit(MAX_ROWS)]
    rows = {row.job.id: row for row in rows_of(desk.event, [*unknown, *(id_ for id_, __ in stuck), *latest])}
    return {'desk': desk, 'event': desk.event, 'headline': headline(desk, of_desk, conditions),
            'questions': _of(rows, unknown), 'stuck': _of(rows, [id_ for id_, __ in stuck]),
            'more_stuck': stuck[0][1] - len(stuck) if stuck else 0, 'rows': _of(rows, latest), 'reasons': REASONS,
            'can_release': can_release, 'waits_since': waits_since, 'statuses': _named_statuses(desk),
            'call': desk.tech_call}


def needs_somebody(*, paused):
    """Return the condition for badges that do not print unless a person does something about each.

    :param paused: Whether the desk is paused: what is held for that prints when printing resumes.
    """
    later = db.aliased(Job)
    has_another = (db.session.query(later.id)
                   .filter(later.registration_id == Job.registration_id, later.person == Job.person,
                           later.purpose == Job.PURPOSE_BADGE, later.id > Job.id)
                   .exists())
    held = [Job.state == JobState.held, ~in_batch_queue()]
    if paused:
        held.append(Job.reason != Reason.paused)
    failed = [Job.state == JobState.failed, Job.changed_dt > now(-FAILED_SHOWN_FOR.total_seconds()), ~has_another,
              still_wanted()]
    return db.and_(Job.purpose == Job.PURPOSE_BADGE, Job.state.in_([JobState.held, JobState.failed]),
                   db.or_(db.and_(*held), db.and_(*failed)))


def _of(rows, ids):
    return [rows[id_] for id_ in ids if id_ in rows]


def _ids(of_desk, *conditions):
    return db.session.query(Job.id).filter(*of_desk, *conditions).order_by(Job.id.desc())


def headline(desk, of_desk, conditions):
    """Return the `Headline` of a desk: what a volunteer must know first."""
    waiting, held_by_pause = (db.session.query(db.func.count().filter(Job.state.in_(WAITING)),
                                               db.func.count().filter(Job.state == JobState.held))
                              .filter(*of_desk, db.or_(Job.state.in_(WAITING),
                                                       db.and_(Job.state == JobState.held,
                                                               Job.reason == Reason.paused)))).one()
    if _is_paused(desk):
        return Headline(_with_count(_('Paused'), waiting + held_by_pause), 'warning')
    if not _is_switched_on(desk.event_id):
        return Headline(_('Switched off: no registration form prints badges'), 'strong')
    if desk.webhook is None and desk.printers:
        if standstill := next(iter(standstills([desk], conditions)), None):
            why = str(standstill.why)
            return Headline(_with_count(why[:1].upper() + why[1:], waiting), 'error')
    else:
        for status in desk_statuses(desk, desk.event.tzinfo):
            if status.css:
                return Headline(_with_count(status.text, waiting), status.css)
    return Headline(_with_count(_('Printing'), waiting), 'highlight') if waiting else Headline(_('Ready'), 'success')


def _is_paused(desk):
    return desk.paused or setup_of(desk.event).paused


def _with_count(words, waiting):
    return _('{state}: {count} waiting').format(state=words, count=waiting) if waiting else str(words)


def _is_switched_on(event_id):
    return (FormSetup.query.join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
            .filter(RegistrationForm.event_id == event_id, ~RegistrationForm.is_deleted, FormSetup.enabled)
            .has_rows())


def _named_statuses(desk):
    """Return (name of the printer, its `Status`) for each way that a desk has to deliver a badge."""
    names = [x.printer for x in desk.printers] if desk.webhook is None else []
    statuses = desk_statuses(desk, desk.event.tzinfo)
    return list(zip(names or [''] * len(statuses), statuses, strict=True))
