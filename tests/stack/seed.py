"""Makes Indico's tables and a conference in them: ``python -m tests.stack.seed`` with INDICO_CONFIG.

Reads what is wanted as JSON from standard input (see `Wanted` in ``stack.py``) and prints what there is now as JSON.
The event page's own ways would do the same by hand: an event, two registration forms, a badge, people, desks.
"""

import json
import os
import sys
from datetime import timedelta

from authlib.common.security import generate_token
from flask import session

from indico.core.db import db
from indico.core.db.sqlalchemy.migration import migrate, prepare_db
from indico.core.notifications import init_email_queue
from indico.core.oauth.models.applications import OAuthApplication, OAuthApplicationUserLink, SystemAppType
from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.core.oauth.models.tokens import OAuthToken
from indico.core.plugins import plugin_engine
from indico.modules.auth import Identity
from indico.modules.categories import Category
from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.models.events import EventType
from indico.modules.events.operations import create_event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.util import create_personal_data_fields, create_registration
from indico.modules.users.operations import create_user
from indico.util.date_time import now_utc
from indico.web.flask.app import make_app

from tests.stack.names import people


PASSWORD = 'check-in!2026'
#: login: given name, family name
USERS = {'admin': ('Ada', 'Admin'), 'manager': ('Mona', 'Manager'), 'volunteer': ('Vera', 'Volunteer'),
         'volunteer2': ('Viktor', 'Volunteer'), 'registrar': ('Rita', 'Registrar'), 'stranger': ('Stan', 'Stranger')}
PX_PER_MM = 5
#: A badge for a lanyard, as large as the usual plastic sleeves, and a label.
SIZES = {'badge': (96, 134), 'label': (90, 55)}


def main():
    wanted = json.load(sys.stdin)
    app = make_app()
    with app.app_context():
        # what `indico db prepare` does; to load Indico twice would take longer than the rest
        migrate.init_app(app, db, os.path.join(app.root_path, 'migrations'))
        assert prepare_db(verbose=False)
    with app.test_request_context():
        init_email_queue()
        users = {login: _user(login, *names) for login, names in USERS.items()}
        db.session.commit()
        session.set_session_user(users['admin'])
        event = _event(users, one_day=wanted['one_day'])
        # friendly ids are counted in a session of their own, which sees only what is committed
        db.session.commit()
        templates = {name: make_template(event, name, *size, lines=_lines(name, size[0], wanted['one_day']))
                     for name, size in SIZES.items()}
        forms = [make_form(event, title, templates['badge']) for title in ('Participants', 'Speakers')]
        db.session.commit()
        registrations = _registrations(forms, wanted['people'] or people(wanted['registrations']))
        tokens = {login: _token(users[login]) for login in ('volunteer', 'volunteer2')}
        app_tokens = _app_tokens(users['volunteer'], wanted['app_tokens'])
        result = {'agents': {}, 'webhooks': {}, 'desks': {}}
        if plugin_engine.get_plugin('checkin_print'):
            from tests.stack.seed_plugin import set_up_printing
            with plugin_engine.get_plugin('checkin_print').plugin_context():
                result = set_up_printing(event, forms, templates[wanted['template']], wanted)
        db.session.commit()
        width, height = SIZES[wanted['template']]
        result |= {
            'event': {'id': event.id, 'title': event.title},
            'template': {'id': templates[wanted['template']].id, 'width_mm': width, 'height_mm': height},
            'templates': {name: template.id for name, template in templates.items()},
            'forms': [{'id': form.id, 'title': form.title} for form in forms],
            'registrations': [{'id': reg.id, 'form_id': reg.registration_form_id, 'first_name': reg.first_name,
                               'last_name': reg.last_name} for reg in registrations],
            'users': {login: {'id': user.id, 'login': login, 'password': PASSWORD} for login, user in users.items()},
            'token': tokens['volunteer'],
            'tokens': tokens,
            'app_tokens': app_tokens,
        }
    json.dump(result, sys.stdout)


def _user(login, first_name, last_name):
    identity = Identity(provider='indico', identifier=login, password=PASSWORD)
    user = create_user(f'{login}@indico.example',
                       {'first_name': first_name, 'last_name': last_name, 'affiliation': 'Indico'}, identity)
    user.is_admin = login == 'admin'
    return user


def _token(user):
    """Make a personal token; return its secret."""
    token = PersonalToken(user=user, name='Check-in', scopes={'registrants'})
    db.session.add(token)
    return token.generate_token()


def _app_tokens(user, count):
    """Make the tokens that Indico's check-in app gets on so many phones of one account; return their secrets."""
    application = OAuthApplication.query.filter_by(system_app_type=SystemAppType.checkin).one()
    link = OAuthApplicationUserLink(application=application, user=user, scopes=['registrants'])
    secrets = [generate_token(42) for __ in range(count)]
    db.session.add_all([link, *(OAuthToken(app_user_link=link, access_token=secret, scopes=['registrants'])
                                for secret in secrets)])
    return secrets


def _event(users, *, one_day):
    start, length, zone = now_utc().replace(minute=0, second=0, microsecond=0), timedelta(days=4), 'Europe/Zurich'
    if one_day:
        # a morning there is the evening before in UTC
        start, length, zone = start.replace(month=8, day=3, hour=22), timedelta(hours=3), 'Asia/Tokyo'
    event = create_event(Category.get_root(), EventType.conference, {
        'title': 'Conference on Computing in High Energy Physics', 'start_dt': start,
        'end_dt': start + length, 'timezone': zone, 'creator': users['admin']})
    if one_day:
        event.default_locale, event.supported_locales, event.enforce_locale = 'fr_FR', ['fr_FR'], True
    # with the right to make, or clone, an event of their own in the demo
    event.category.update_principal(users['manager'], permissions={'create'})
    event.update_principal(users['manager'], full_access=True)
    for login in ('volunteer', 'volunteer2'):
        event.update_principal(users[login], permissions={'registration_checkin'})
    # registers those who come without a registration
    event.update_principal(users['registrar'], permissions={'registration_checkin', 'registration_edit'})
    set_feature_enabled(event, 'registration', True)
    return event


def make_form(event, title, template):
    """Make a registration form with all fields of personal data, whose ticket a template is."""
    # the ticket shows the same badge, on A4
    form = RegistrationForm(event=event, title=title, currency='CHF', tickets_enabled=True, ticket_template=template)
    create_personal_data_fields(form)
    for field in form.sections[0].fields:
        field.is_enabled = True
    db.session.add(form)
    db.session.flush()
    form.start_dt = now_utc()
    form.base_price = 12 if event.enforce_locale else 0
    return form


def make_template(event, name, width_mm, height_mm, *, lines):
    """Make a badge template.

    :param lines: What stands on it: (kind, left, top, width, height in mm, size in pt, overflow).
    """
    template = DesignerTemplate(type=TemplateType.badge, title=f'Name {name} {width_mm} x {height_mm} mm', event=event)
    template.data = {'width': width_mm * PX_PER_MM, 'height': height_mm * PX_PER_MM, 'background_position': 'stretch',
                     'items': list(_items(name, lines))}
    db.session.add(template)
    db.session.flush()
    return template


def _lines(name, width_mm, dates):
    wide = width_mm - 8
    lines = [('event_title', 4, 6, wide, None, 12, 'wrap'), ('first_name', 4, 26, wide, None, 30, 'resize'),
             ('last_name', 4, 42, wide, None, 24, 'resize'), ('affiliation', 4, 60, wide, None, 14, 'wrap'),
             ('ticket_qr_code', width_mm / 2 - 18, 86, 36, 36, 10, 'wrap')]
    if name == 'label':
        lines = [('first_name', 3, 5, 56, None, 20, 'resize'), ('last_name', 3, 15, 56, None, 16, 'resize'),
                 ('affiliation', 3, 27, 56, None, 9, 'wrap'), ('event_title', 3, 42, 56, None, 8, 'wrap'),
                 ('ticket_qr_code', 62, 14, 25, 25, 10, 'wrap')]
    if dates:
        lines += [('event_dates', 4, 70, wide, None, 12, 'wrap'), ('price', 4, 78, wide, None, 12, 'wrap')]
    return lines


def _items(name, lines):
    for number, (kind, x, y, width, height, size, overflow) in enumerate(lines):
        yield {'id': number, 'type': kind, 'x': x * PX_PER_MM, 'y': y * PX_PER_MM, 'width': width * PX_PER_MM,
               'height': height * PX_PER_MM if height else None, 'font_size': f'{size}pt', 'font_family': 'sans-serif',
               'bold': kind.endswith('name'), 'italic': False, 'color': 'black', 'background_color': None,
               'text_align': 'left' if name == 'label' else 'center', 'text_overflow': overflow, 'selected': False,
               'preserve_aspect_ratio': True}


def _registrations(forms, persons):
    """Register people: every third one is a speaker."""
    registrations = []
    # without a user per person Indico would look each address up, and log in nobody
    for number, (first, last, affiliation, country) in enumerate(persons):
        form = forms[1 if number % 3 == 2 else 0]
        registrations.append(create_registration(form, {
            'first_name': first, 'last_name': last, 'email': f'person{number}@people.example',
            'affiliation': {'id': None, 'text': affiliation}, 'country': country, 'position': 'Researcher',
        }, management=True, notify_user=False))
    db.session.commit()
    return registrations


if __name__ == '__main__':
    main()
