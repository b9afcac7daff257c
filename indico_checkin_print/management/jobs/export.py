"""The jobs page as a CSV file. It is written while it is sent, because it may be a million lines."""

from flask import Response, request, stream_with_context

from indico.core.db import db
from indico.core.errors import UserValueError
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import format_datetime, now_utc
from indico.util.spreadsheets import generate_csv

from indico_checkin_print import _
from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.management.base import RHCheckinPrintBase
from indico_checkin_print.management.jobs.filter import Cursor, parse
from indico_checkin_print.management.jobs.page import choices_of, too_many_people
from indico_checkin_print.management.jobs.query import find_people, job_ids
from indico_checkin_print.management.jobs.rows import companions_of, count_reprints, detail_of, name_for, seconds_of
from indico_checkin_print.management.visibility import visible, visible_registrations
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import describe


#: How many jobs are in memory at a time
CHUNK = 1000
#: Python and Excel, LibreOffice and a database understand it, and it sorts
TIME = 'yyyy-MM-dd HH:mm:ss'
BOM = b'\xef\xbb\xbf'


class RHExportJobs(RHCheckinPrintBase):
    """Send the jobs that the URL asks for, all of them, as a CSV file."""

    def _process(self):
        choices = choices_of(self.event)
        wanted, __, problems = parse(request.args, choices)
        try:
            people = find_people(self.event.id, wanted, visible_registrations(self.event))
        except TooManyPeople:
            problems.append(too_many_people())
        if problems:
            # a file with more in it than was asked for would be worse than none
            raise UserValueError(' '.join(problems))
        lines = _lines(self.event.id, self.event.tzinfo, wanted, people, choices, visible(self.event))
        filename = f'badges-{self.event.id}-{now_utc():%Y%m%d-%H%M}.csv'
        return Response(stream_with_context(lines), content_type='text/csv; charset=utf-8',
                        headers={'Content-Disposition': f'attachment; filename={filename}',
                                 'Cache-Control': 'no-store'})


def _lines(event_id, tzinfo, wanted, people, choices, visible):
    """Yield the file in parts, newest jobs first."""
    headers = [_('ID'), _('Name'), _('Registration number'), _('Registration form'), _('Desk or webhook'),
               _('Printer'), _('State'), _('Reason'), _('Detail'),
               *(f'{title} ({tzinfo})' for title in (_('Checked in'), _('Created'), _('Last change'))),
               _('Seconds to paper'), _('Reprint of ID'), _('Printed again')]
    cursor, first = None, True
    while True:
        ids = db.session.execute(job_ids(event_id, wanted, people, cursor, CHUNK, visible)).scalars().all()
        values = _values(event_id, ids, tzinfo, choices)
        # Indico's own writer: it takes away what a spreadsheet would run as a formula
        part = generate_csv(headers, [dict(zip(headers, row, strict=True)) for row in values],
                            include_header=first).read()
        yield part if first else part.removeprefix(BOM)
        # however slowly the file is taken, no transaction stays open
        db.session.rollback()
        if len(ids) < CHUNK:
            return
        cursor, first = Cursor(ids[-1]), False


def _values(event_id, ids, tzinfo, choices):
    jobs = (db.session.query(Job.id, Job.purpose, Job.facts, Job.person, Job.batch_id, Job.registration_id, Job.desk_id,
                             Job.webhook_id, Job.printer, Job.state, Job.reason, Job.detail, Job.checked_in_dt,
                             Job.created_dt, Job.changed_dt, Job.reprint_of_id, Registration.first_name,
                             Registration.last_name, Registration.friendly_id, Registration.registration_form_id)
            .outerjoin(Registration, Registration.id == Job.registration_id)
            .filter(Job.id.in_(ids))
            .order_by(Job.id.desc())
            .all())
    companions, reprints = companions_of(jobs), count_reprints(event_id, jobs)

    def _time(dt):
        return format_datetime(dt, TIME, timezone=tzinfo) if dt else ''

    for job in jobs:
        full_name = f'{job.first_name} {job.last_name}' if job.friendly_id is not None else None
        place = f'webhook-{job.webhook_id}' if job.webhook_id is not None else f'desk-{job.desk_id}'
        seconds = seconds_of(job)
        texts = (str(name_for(job, full_name, companions)), job.friendly_id or '',
                 choices.forms.get(str(job.registration_form_id), ''), choices.places.get(place, ''), job.printer,
                 str(job.state.title), str(describe(job.reason)) if job.reason else '', detail_of(job),
                 _time(job.checked_in_dt), _time(job.created_dt), _time(job.changed_dt),
                 round(seconds, 1) if seconds is not None else '', job.reprint_of_id or '',
                 reprints.get((job.registration_id, job.person), 0) if job.purpose == Job.PURPOSE_BADGE else 0)
        # a spreadsheet looks for formulas behind spaces, too
        yield (job.id, *(text.strip() if isinstance(text, str) else text for text in texts))
