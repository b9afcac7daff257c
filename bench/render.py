"""How long a worker takes to draw a badge, by what is on it.

Runs inside Indico as ``python -m bench.render EVENT``; one line of JSON on standard output has the times in ms of each
kind. The kinds take turns, so whatever else happens on the machine hits all alike. Nothing is stored but a template
with a photo behind its texts.
"""

import json
import sys
import time
from io import BytesIO

from tests.fakes import pictures
from tests.stack.facts import percentile


#: Given name, family name
KINDS = {'plain': ('Zoë', 'Müller'), 'photo': ('Zoë', 'Müller'), 'arabic': ('محمد', 'الأنصاري'),
         'chinese': ('丽华', '陈')}
BADGES, WARM_UP = 100, 5
#: The background of `photo`, in pixels
PHOTO = 5184, 3888


def measure(stack, say):
    """Return the percentiles of each kind on a running stack."""
    say(f'{BADGES} badges of each kind are drawn')
    output = stack.indico.run(sys.executable, '-m', 'bench.render', str(stack.seeded['event']['id']))
    took = json.loads(output.splitlines()[-1])
    return {kind: {'p50': percentile(ms, 50), 'p95': percentile(ms, 95)} for kind, ms in took.items()}


def main():
    from indico.core.db import db
    from indico.modules.designer.models.templates import DesignerTemplate
    from indico.modules.events.registration.models.registrations import Registration
    from indico.web.flask.app import make_app
    took = {kind: [] for kind in KINDS}
    app = make_app()
    # Indico loads the plugin
    from indico_checkin_print.badge.render import render
    with app.app_context():
        photo_id = _with_photo(int(sys.argv[1]))
        for number in range(WARM_UP + BADGES):
            for kind, names in KINDS.items():
                # read anew, as a worker does
                registration = Registration.query.filter_by(event_id=int(sys.argv[1])).order_by(Registration.id).first()
                registration.first_name, registration.last_name = names
                db.session.flush()
                template = DesignerTemplate.get(photo_id) if kind == 'photo' else None
                started = time.perf_counter()
                render(registration, registration.registration_form.checkin_print_setup, template=template)
                if number >= WARM_UP:
                    took[kind].append((time.perf_counter() - started) * 1000)
                db.session.rollback()
    print(json.dumps(took))


def _with_photo(event_id):
    """Store a template like that of the first form, with a photo as PNG. Return its id."""
    from indico.core.db import db
    from indico.modules.designer.models.images import DesignerImageFile
    from indico.modules.designer.models.templates import DesignerTemplate
    from indico.modules.events.registration.models.forms import RegistrationForm
    form = RegistrationForm.query.filter_by(event_id=event_id).order_by(RegistrationForm.id).first()
    plain = form.checkin_print_setup.template
    template = DesignerTemplate(type=plain.type, title='Photo', event_id=event_id, data=plain.data)
    db.session.add(template)
    # its number is part of where the picture is stored
    db.session.flush()
    image = DesignerImageFile(template=template, filename='photo.png', content_type='image/png')
    image.save(BytesIO(pictures.photo(*PHOTO, 'PNG', compress_level=1)))
    template.background_image = image
    db.session.commit()
    return template.id


if __name__ == '__main__':
    main()
