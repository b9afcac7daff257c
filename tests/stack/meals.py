"""Gives some people a meal ticket besides their badge: ``python -m tests.stack.meals`` with INDICO_CONFIG.

Reads JSON from standard input: the id of the template of badges as ``template``, and the ``registrations`` that get
`COPIES` tickets.
"""

import json
import sys

from indico.core.db import db
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.web.flask.app import make_app

# the mappers need all tables
from indico_checkin_print.models import agents, desks, devices, jobs, own_desks, records, webhooks  # noqa: F401
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.routing.rules import HasTag, dump
from indico_checkin_print.routing.template_rules import TemplateRule


COPIES = 2
#: What a ticket says
TEXT = 'Meal ticket'


def main():
    wanted = json.load(sys.stdin)
    app = make_app()
    with app.test_request_context():
        badge = DesignerTemplate.get(wanted['template'])
        line = next(item for item in badge.data['items'] if item['type'] == 'affiliation')
        ticket = DesignerTemplate(type=badge.type, title=TEXT, event=badge.event,
                                  data={**badge.data, 'items': [{**line, 'type': 'fixed', 'text': TEXT}]})
        tag = RegistrationTag(event=badge.event, title='Dinner', color='red')
        db.session.add_all([ticket, tag])
        for registration in Registration.query.filter(Registration.id.in_(wanted['registrations'])):
            registration.tags.add(tag)
        db.session.flush()
        setup = EventSetup.query.get(badge.event_id) or EventSetup(event=badge.event)
        setup.template_rules = dump([TemplateRule(1, ticket.id, (HasTag((tag.id,)),), adds=True, copies=COPIES)])
        db.session.add(setup)
        db.session.commit()


if __name__ == '__main__':
    main()
