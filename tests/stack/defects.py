"""Puts twenty defects into an event: ``python -m tests.stack.defects`` with INDICO_CONFIG.

Reads JSON from standard input: the ``event`` and the ``forms`` of the good badges (ids). Prints what preflight must
find as JSON: for each defect its ``name``, its ``kind`` and what it is about: a ``registration``, a ``template`` or a
``desk`` by its name. Nothing of the product takes part in it but its tables.
"""

import json
import sys
from io import BytesIO

from flask import session

from indico.core.db import db
from indico.core.notifications import init_email_queue
from indico.core.plugins import plugin_engine
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import Registration, RegistrationData
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.events.registration.util import create_registration
from indico.modules.users import User
from indico.web.flask.app import make_app

from tests.fakes import pictures
from tests.stack.seed import PX_PER_MM, SIZES, make_form, make_template


#: People of each form with a template of its own
PEOPLE = 6
#: What stands on a badge without a fault: kind, left, top, width, height in mm, size in points, overflow
NAME, AFFILIATION = ('full_name', 4, 26, 88, None, 24, 'wrap'), ('affiliation', 4, 60, 88, None, 14, 'wrap')
CODE = ('ticket_qr_code', 30, 86, 36, 36, 10, 'wrap')
#: No font has them: they are nobody's
UNKNOWN = '\ue000', '\uf8f0'


class Defects:
    """The event while defects are put into it."""

    def __init__(self, event, good_template, desks):
        self.event, self.good_template = event, good_template
        self.desks, self.found, self.count = desks, [], 0

    def note(self, name, kind, **about):
        """Note what preflight must find."""
        self.found.append({'name': name, 'kind': kind, **about})

    def form(self, title, template, desk='Desk 1', people=PEOPLE):
        """Make a form that prints with a template, and register people with it."""
        # Indico loads the plugin
        from indico_checkin_print.models.choices import BadgeKind
        from indico_checkin_print.models.rules import FormSetup
        form = make_form(self.event, title, template)
        db.session.add(FormSetup(registration_form=form, enabled=True, kind=BadgeKind.badge, template=template,
                                 desk=self.desks[desk]))
        db.session.commit()
        return form, [self.register(form) for __ in range(people)]

    def template(self, name, *lines):
        return make_template(self.event, name, *SIZES['badge'], lines=lines)

    def register(self, form, first_name='Ada', **data):
        self.count += 1
        registration = create_registration(form, {
            'first_name': first_name, 'last_name': f'Lovelace {self.count}', 'country': 'CH', 'position': 'Researcher',
            'email': f'defect{self.count}@people.example', 'affiliation': {'id': None, 'text': 'Analytical Society'},
            **data}, management=True, notify_user=False)
        db.session.commit()
        return registration


def main():
    wanted = json.load(sys.stdin)
    with make_app().test_request_context(), plugin_engine.get_plugin('checkin_print').plugin_context():
        from indico_checkin_print.models.desks import Desk
        init_email_queue()
        session.set_session_user(User.query.filter_by(is_admin=True).first())
        event, good = Event.get(wanted['event']), RegistrationForm.get(wanted['forms'][0])
        defects = Defects(event, RegistrationForm.get(wanted['forms'][0]).ticket_template,
                          {desk.name: desk for desk in Desk.query.filter_by(event_id=event.id)})
        _people(defects, good)
        _fields(defects, good)
        _pages(defects)
        _pictures(defects)
        _printers(defects)
        db.session.commit()
        people = Registration.query.filter_by(event_id=event.id).count()
        json.dump({'defects': defects.found, 'people': people}, sys.stdout)


def _people(defects, form):
    one, other = (defects.register(form, f'Ada{UNKNOWN[0]}'),
                  defects.register(form, affiliation={'id': None, 'text': f'Society {UNKNOWN[1]}'}))
    nameless, long, blocked = defects.register(form), defects.register(form), defects.register(form)
    nameless.first_name, nameless.last_name = '\u200b', '\u00a0'
    long.last_name = 'Supercalifragilistic' * 200
    for name, kind, registration in (('glyph in a name', 'missing_glyphs', one), ('no name', 'nameless', nameless),
                                     ('glyph in an affiliation', 'missing_glyphs', other),
                                     ('a name that is too long', 'cut', long), ('blocked', 'blocked', blocked)):
        defects.note(name, kind, registration=registration.id)


def _fields(defects, other_form):
    template = defects.template('with a field that is deleted', NAME, CODE)
    form, __ = defects.form('Deleted field', template)
    field = _own_field(form)
    _add(template, f'field-{field.id}')
    field.is_deleted = True
    defects.note('a deleted field', 'field', template=template.id)
    template = defects.template('with a field that is switched off', NAME, CODE)
    form, __ = defects.form('Field that is off', template)
    field = _field(form, PersonalDataType.phone)
    _add(template, f'field-{field.id}')
    field.is_enabled = False
    defects.note('a field that is off', 'field', template=template.id)
    template = defects.template('with a field of another form', NAME, CODE)
    defects.form('Foreign field', template)
    _add(template, f'field-{_field(other_form, PersonalDataType.position).id}')
    defects.note('a field of another form', 'field', template=template.id)


def _pages(defects):
    from indico_checkin_print.models.rules import EventSetup
    small = defects.template('with a code that is too small', NAME, ('ticket_qr_code', 40, 90, 11, 11, 10, 'wrap'))
    defects.form('Small code', small)
    defects.note('a small code', 'code', template=small.id)
    covered = defects.template('with a code that is covered', NAME, CODE, ('fixed_image', 40, 94, 20, 24, 10, 'wrap'))
    _picture(covered, pictures.saved(pictures.drawn(), 'PNG'))
    defects.form('Covered code', covered)
    defects.note('a covered code', 'code', template=covered.id)
    letters = defects.template('with small letters', NAME, CODE, ('affiliation', 4, 60, 88, None, 4, 'wrap'))
    defects.form('Small letters', letters)
    defects.note('small letters', 'small_text', template=letters.id)
    words = defects.template('with words that have no room', NAME, CODE, ('fixed', 4, 124, 20, None, 14, 'wrap'))
    words.data = {**words.data, 'items': [{**item, 'text': 'Welcome to our conference. ' * 40}
                                          if item['type'] == 'fixed' else item for item in words.data['items']]}
    defects.form('Many words', words)
    defects.note('words without room', 'cut', template=words.id)
    font = defects.template('with a font that is gone', NAME, CODE, AFFILIATION)
    font.data = {**font.data, 'items': [{**item, 'font_family': 'Comic Sans'} if item['type'] == 'affiliation' else item
                                        for item in font.data['items']]}
    defects.form('Unknown font', font)
    defects.note('an unknown font', 'not_drawn', template=font.id)
    # only a rule about a tag leads to it
    outside = defects.template('with an item outside', NAME, CODE, ('affiliation', 60, 60, 88, None, 14, 'wrap'))
    tag = RegistrationTag(event=defects.event, title='VIP', color='red')
    __, (first, *__) = defects.form('With a rule', defects.good_template)
    first.tags.add(tag)
    db.session.flush()
    setup = EventSetup.query.get(defects.event.id)
    if setup is None:
        setup = EventSetup(event=defects.event)
        db.session.add(setup)
    setup.template_rules = [{'id': 1, 'template': outside.id, 'when': [{'about': 'tag', 'tags': [tag.id]}]}]
    defects.note('an item outside', 'outside', template=outside.id)


def _pictures(defects):
    behind = defects.template('with a background that is cut off', NAME, CODE)
    behind.background_image = _image(behind, pictures.hostile()['cut-off-png'][1])
    defects.form('Broken background', behind)
    defects.note('a broken background', 'template_picture', template=behind.id)
    beside = defects.template('with a logo that is no picture', NAME, CODE, ('fixed_image', 4, 4, 20, 20, 10, 'wrap'))
    _picture(beside, pictures.hostile()['text'][1])
    defects.form('Broken logo', beside)
    defects.note('a broken logo', 'template_picture', template=beside.id)
    portrait = defects.template('with a portrait', NAME, CODE, ('picture', 60, 40, 30, 40, 10, 'wrap'))
    form, people = defects.form('Portraits', portrait)
    field_data = _field(form, PersonalDataType.picture).current_data
    data = (next((data for data in people[0].data if data.field_data == field_data), None)
            or RegistrationData(registration=people[0], field_data=field_data))
    data.filename, data.content_type = 'me.jpg', 'image/jpeg'
    data.save(BytesIO(pictures.hostile()['cut-off-jpeg'][1]))
    defects.note('a broken portrait', 'picture', registration=people[0].id)


def _printers(defects):
    has = {'Desk 1': 'oe_badge_96x134mm', 'Desk 2': 'na_index-4x6_4x6in', 'Desk 3': 'oe_label_62x29mm',
           'Desk 4': 'oe_badge_96x134mm'}
    for name, media in has.items():
        printer, = defects.desks[name].printers
        printer.agent.printers = [{'name': printer.printer, 'state': 'idle', 'media': [media], 'loaded': True}]
        if name != 'Desk 1':
            defects.form(f'At {name}', defects.good_template, desk=name)
    defects.desks['Desk 4'].printers[0].calibration = {'orientation': 90}
    for name, kind, desk in (('other labels', 'labels', 'Desk 2'), ('small labels', 'labels_too_small', 'Desk 3'),
                             ('a turned printer', 'turned_twice', 'Desk 4')):
        defects.note(name, kind, desk=desk)


def _field(form, kind):
    return next(field for field in form.form_items if field.is_field and field.personal_data_type == kind)


def _own_field(form):
    """Add a field to a form: those of Indico cannot be deleted."""
    field = RegistrationFormField(registration_form=form, parent=form.sections[0], title='Team', input_type='text')
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.flush()
    return field


def _add(template, kind):
    item = {**template.data['items'][0], 'id': 90, 'type': kind, 'y': 60 * PX_PER_MM, 'font_size': '14pt'}
    template.data = {**template.data, 'items': [*template.data['items'], item]}


def _image(template, content):
    image = DesignerImageFile(template=template, filename='picture.png', content_type='image/png')
    image.save(BytesIO(content))
    db.session.flush()
    return image


def _picture(template, content):
    image = _image(template, content)
    template.data = {**template.data, 'items': [
        {**item, 'image_id': image.id, 'zIndex': 20} if item['type'] == 'fixed_image' else item
        for item in template.data['items']]}


if __name__ == '__main__':
    main()
