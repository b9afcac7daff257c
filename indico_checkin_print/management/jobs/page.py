"""The jobs page: every badge and every message of an event, found by state, desk, form or name."""

from flask import request

from indico.core.db import db
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.util.string import natural_sort_key

from indico_checkin_print import _
from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.management.base import LIST, RHCheckinPrintBase, WPCheckinPrint
from indico_checkin_print.management.jobs.filter import MAX_NAME, Choices, parse
from indico_checkin_print.management.jobs.query import MAX_PEOPLE, Page, find_page
from indico_checkin_print.management.jobs.rows import rows_of
from indico_checkin_print.management.visibility import visible, visible_registrations
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.webhooks import Webhook


class RHJobs(RHCheckinPrintBase):
    """Show the jobs of the event that the URL asks for."""

    def _process(self):
        choices = choices_of(self.event)
        wanted, cursor, problems = parse(request.args, choices)
        try:
            page = find_page(self.event.id, wanted, cursor, visible(self.event),
                             visible_registrations(self.event))
        except TooManyPeople:
            page = Page([])
            problems.append(too_many_people())
        here = wanted.args | (cursor.args if cursor else {})
        return WPCheckinPrint.render_template('jobs_page.html', self.event, rows=rows_of(self.event, page.ids),
                                              page=page, wanted=wanted, cursor=cursor, choices=choices,
                                              problems=problems, here=here, back={LIST: 1, **here},
                                              states=JobState, max_name=MAX_NAME)


def choices_of(event):
    """Return the `Choices` of an event; what was deleted can be chosen as long as there are jobs of it."""
    places = {}
    for kind, model, column in (('desk', Desk, Job.desk_id), ('webhook', Webhook, Job.webhook_id)):
        # asked in this way PostgreSQL finds the answer in the index, and never reads all jobs to see that there is none
        used = db.session.query(db.func.min(column)).filter(column >= model.id).scalar_subquery() == model.id
        query = model.query.filter(model.event_id == event.id, db.or_(~model.is_deleted, used)).order_by(model.id)
        places |= {f'{kind}-{x.id}': _title(x.name, x.is_deleted) for x in query}
    forms = RegistrationForm.query.filter_by(event_id=event.id).all()
    forms.sort(key=lambda form: (form.is_deleted, natural_sort_key(form.title)))
    return Choices(places, {str(form.id): _title(form.title, form.is_deleted) for form in forms})


def too_many_people():
    """Return what to say to `TooManyPeople`."""
    return _('More than {} people match this name. Type more of it.').format(MAX_PEOPLE)


def _title(name, is_deleted):
    return _('{} (deleted)').format(name) if is_deleted else name
