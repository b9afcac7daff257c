"""What becomes of the badges of one person, for a page that asks again and again: cheap if nothing has changed."""

import hashlib

from flask import jsonify, request, session
from werkzeug.exceptions import NotFound

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.desk.base import RHVolunteerBase
from indico_checkin_print.desk.scan_badges import buttons
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.management.jobs.rows import PROBLEMS, latest_badges, rows_of
from indico_checkin_print.management.visibility import visible_registrations
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import FormSetup


class RHBadgeProgress(RHVolunteerBase):
    """Return the latest badge of each person of a registration, or 304 if it is as the browser has it (``ETag``)."""

    def _process(self):
        registration_id = request.view_args['registration_id']
        criteria = [Registration.id == registration_id, Registration.event_id == self.event.id,
                    ~Registration.is_deleted]
        allowed = visible_registrations(self.event)
        if allowed is not None:
            criteria.append(Registration.id.in_(allowed))
        # what can be done about a badge depends on these as well
        facts = (db.session.query(FormSetup.enabled, Registration.checked_in_dt, Registration.state)
                  .select_from(Registration)
                  .outerjoin(FormSetup, FormSetup.registration_form_id == Registration.registration_form_id)
                  .filter(*criteria).first())
        if facts is None:
            raise NotFound
        # all that the rows are made of changes with these; only what the printer says comes without a change of the job
        printers = (db.session.query(db.cast(Agent.printers, db.String)).filter(Agent.id == Job.agent_id)
                    .correlate(Job).scalar_subquery())
        states = latest_badges(self.event, registration_id, Job.id, Job.changed_dt, Job.state, printers).all()
        shown = repr((session.lang, tuple(facts), [tuple(x) for x in states]))
        etag = hashlib.sha256(shown.encode()).hexdigest()
        if request.if_none_match.contains_weak(etag):
            return '', 304
        badges = [_badge(row) for row in reversed(rows_of(self.event, [x.id for x in states]))]
        response = jsonify(badges=badges, prints=bool(facts.enabled) or bool(badges),
                           ended=all(badge['ended'] for badge in badges))
        response.set_etag(etag, weak=True)
        response.headers['Cache-Control'] = 'private, no-cache'
        return response


def _badge(row):
    state = row.job.state
    tone = 'good' if state in OUT else 'stop' if state in (PROBLEMS | {JobState.held}) else 'note'
    why = row.reason if tone == 'stop' else row.printer_problem or row.elsewhere
    return {'job': row.job.id, 'name': row.name, 'state': row.state, 'where': row.where, 'why': why, 'tone': tone,
            # one that is held waits for somebody else: it may take long, but comes out all the same
            'held': state == JobState.held, 'ended': row.has_ended, 'buttons': buttons(row)}
