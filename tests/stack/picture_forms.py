"""Makes a registration form for each picture: ``python -m tests.stack.picture_forms`` with INDICO_CONFIG.

Reads JSON from standard input: the ``event``, its ``desk`` (ids), and ``pictures``, a list of (name, where, file). It
stands as ``background``, ``item`` (a picture of the template) or ``person`` (the registrant's own). Somebody is
registered with each form, and badges print. Prints what the seed prints of registrations, by the names.

The files go past the pages that would refuse some of them: old templates and imports come so.
"""

import json
import sys
from io import BytesIO
from pathlib import Path

from flask import session

from indico.core.db import db
from indico.core.notifications import init_email_queue
from indico.core.plugins import plugin_engine
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import RegistrationData
from indico.modules.events.registration.util import create_registration
from indico.modules.users import User
from indico.web.flask.app import make_app

from tests.stack.seed import SIZES, make_form, make_template


#: Where the items are, in mm from the left upper corner of a badge: left, top, width, height
PICTURE, NAME = (8, 7, 80, 60), (0, 127, 96)


def main():
    wanted = json.load(sys.stdin)
    made = {}
    with make_app().test_request_context(), plugin_engine.get_plugin('checkin_print').plugin_context():
        init_email_queue()
        session.set_session_user(User.query.filter_by(is_admin=True).first())
        event = Event.get(wanted['event'])
        for number, (name, where, path) in enumerate(wanted['pictures']):
            registration = _register(event, wanted['desk'], number, where, Path(path).read_bytes())
            made[name] = {'id': registration.id, 'form_id': registration.registration_form_id,
                          'first_name': registration.first_name, 'last_name': registration.last_name}
            db.session.commit()
    json.dump(made, sys.stdout)


def _register(event, desk_id, number, where, content):
    # Indico loads the plugin
    from indico_checkin_print.models.choices import BadgeKind
    from indico_checkin_print.models.rules import FormSetup
    template = make_template(event, f'of picture {number}', *SIZES['badge'], lines=_items(where))
    if where != 'person':
        image = DesignerImageFile(template=template, filename='picture.png', content_type='image/png')
        image.save(BytesIO(content))
        db.session.flush()
        if where == 'background':
            template.background_image = image
        else:
            template.data = {**template.data, 'items': [
                {**item, 'image_id': image.id} if item['type'] == 'fixed_image' else item
                for item in template.data['items']]}
    form = make_form(event, f'Picture {number}', template)
    db.session.add(FormSetup(registration_form=form, enabled=True, kind=BadgeKind.badge, template=template,
                             desk_id=desk_id))
    db.session.commit()
    registration = create_registration(form, {
        'first_name': f'Kind{number}', 'last_name': f'Picture{number}', 'email': f'picture{number}@people.example',
        'affiliation': {'id': None, 'text': ''}, 'country': 'CH', 'position': '',
    }, management=True, notify_user=False)
    if where == 'person':
        field = next(field for field in form.form_items if field.personal_data_type == PersonalDataType.picture)
        data = next((data for data in registration.data if data.field_data == field.current_data), None)
        data = data or RegistrationData(registration=registration, field_data=field.current_data)
        data.filename, data.content_type = 'me.jpg', 'image/jpeg'
        data.save(BytesIO(content))
    return registration


def _items(where):
    """Yield what stands on a badge, as `seed` has it."""
    if where != 'background':
        yield ({'item': 'fixed_image', 'person': 'picture'}[where], *PICTURE, 10, 'wrap')
    yield ('full_name', *NAME, None, 12, 'wrap')


if __name__ == '__main__':
    main()
