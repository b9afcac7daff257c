"""Changes people and badges as managers do: ``python -m tests.stack.correct`` with INDICO_CONFIG.

Reads JSON from standard input: ``rename`` (registration id -> new given name), ``withdraw`` (registration ids) and
``template`` (id and a text that its badge has from now on); each may be left out.
"""

import json
import sys

from flask import session

from indico.core.db import db
from indico.core.notifications import flush_email_queue, init_email_queue
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.util import modify_registration
from indico.modules.users import User
from indico.web.flask.app import make_app


def main():
    wanted = json.load(sys.stdin)
    app = make_app()
    with app.test_request_context():
        init_email_queue()
        session.set_session_user(User.query.filter_by(is_admin=True).first())
        for id_, first_name in wanted.get('rename', {}).items():
            registration = Registration.get(int(id_))
            modify_registration(registration, {'first_name': first_name}, management=True, notify_user=False)
            db.session.commit()
        for id_ in wanted.get('withdraw', ()):
            Registration.get(id_).update_state(withdrawn=True)
            db.session.commit()
        if 'template' in wanted:
            id_, text = wanted['template']
            template = DesignerTemplate.get(id_)
            items = [item for item in template.data['items'] if item['type'] != 'fixed']
            line = {**next(item for item in items if item['type'] == 'affiliation'), 'id': 99, 'type': 'fixed',
                    'text': text, 'y': template.data['height'] - 60}
            template.data = {**template.data, 'items': [*items, line]}
            db.session.commit()
        flush_email_queue()


if __name__ == '__main__':
    main()
