"""Makes one more event, with nothing in it: ``python -m tests.stack.empty_event`` with INDICO_CONFIG. Prints its id."""

from datetime import timedelta

from flask import session

from indico.core.db import db
from indico.core.notifications import init_email_queue
from indico.modules.categories import Category
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.models.events import EventType
from indico.modules.events.operations import create_event
from indico.modules.users import User
from indico.util.date_time import now_utc
from indico.web.flask.app import make_app


def main():
    with make_app().test_request_context():
        init_email_queue()
        admin = User.query.filter_by(is_admin=True).first()
        session.set_session_user(admin)
        event = create_event(Category.get_root(), EventType.conference, {
            'title': 'Workshop', 'start_dt': now_utc(), 'end_dt': now_utc() + timedelta(days=1),
            'timezone': 'Europe/Zurich', 'creator': admin})
        # who may make events of their own manages this one
        for user in User.query.filter(User.first_name == 'Mona'):
            event.update_principal(user, full_access=True)
        set_feature_enabled(event, 'registration', True)
        db.session.commit()
        print(event.id)


if __name__ == '__main__':
    main()
