"""Texts that are changed for one print: where they are drawn, what can be changed, and which cannot be printed."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import Registration, RegistrationData

from indico_checkin_print.badge.edits import MAX_TEXT, normalize, problem_with
from indico_checkin_print.badge.render import render, texts_of
from indico_checkin_print.errors import MustHold
from indico_checkin_print.models.choices import BadgeKind
from tests.plugin.conftest import text_item


def words(pdf):
    return [page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages]


@pytest.fixture
def rich(form, create_template):
    """A badge with several texts, some of them twice, and a backside."""
    back = create_template('Back', items=[text_item('last_name', 100), text_item('fixed', 200, text='Wi-Fi: guest')])
    form.template = create_template('Front', backside=back, items=[
        text_item('first_name', 100), text_item('last_name', 150), text_item('affiliation', 200),
        text_item('event_title', 20), text_item('fixed', 300, text='PARTICIPANT'),
        {**text_item('ticket_qr_code', 400), 'width': 100, 'height': 100}])
    form.backside = True
    return form


def test_which_texts_there_are(rich, reg, dummy_event):
    texts = texts_of(reg, rich)
    assert [(text.title, text.text) for text in texts] == [
        ('Event Title', dummy_event.title), ('First Name', 'Zoë'), ('Last Name', 'Müller'), ('Institution', ''),
        ('Text of the template', 'Wi-Fi: guest'), ('Text of the template', 'PARTICIPANT')]
    assert len({text.key for text in texts}) == len(texts)


def test_changed_texts_are_drawn(rich, reg, dummy_event):
    keys = {text.text: text.key for text in texts_of(reg, rich)}
    before = words(render(reg, rich))
    front, back = words(render(reg, rich, edits={
        'first_name': 'Zoe', 'last_name': 'Mueller & Sons', 'affiliation': 'CERN', keys['PARTICIPANT']: 'VIP'}))
    assert all(text in front for text in ('Zoe', 'Mueller & Sons', 'CERN', 'VIP', dummy_event.title))
    assert not any(text in front for text in ('Zoë', 'Müller', 'PARTICIPANT'))
    # the same text on the other side
    assert 'Mueller & Sons' in back
    assert 'Wi-Fi: guest' in back
    # for this one badge only
    assert reg.last_name == 'Müller'
    assert words(render(reg, rich)) == before


def test_a_text_is_taken_away(rich, reg):
    assert 'Müller' not in ''.join(words(render(reg, rich, edits={'last_name': ''})))


def test_what_the_template_has_not_is_not_drawn(rich, reg):
    assert render(reg, rich, edits={'email': 'x@example.test', 'fixed:0': 'x', 'ticket_qr_code': 'x'}).content == (
        render(reg, rich).content)


def test_a_field_of_the_form(db, form, reg, dummy_regform, create_template):
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], input_type='text',
                                  title='Team', position=99)
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.add(field)
    db.session.flush()
    reg.data.append(RegistrationData(field_data=field.current_data, data='Red'))
    form.template = create_template('Field', items=[text_item('full_name', 10), text_item(f'field-{field.id}', 100)])
    db.session.flush()
    assert [(x.key, x.title, x.text) for x in texts_of(reg, form)][1] == (f'field-{field.id}', 'Team', 'Red')
    assert 'Blue' in words(render(reg, form, edits={f'field-{field.id}': 'Blue'}))[0]


def test_an_accompanying_person(form, reg, create_template, mocker):
    form.template = create_template('Both', items=[text_item('full_name_b', 10), text_item('affiliation', 100)])
    mocker.patch.object(Registration, 'accompanying_persons', [{'id': 'x', 'firstName': 'Ada', 'lastName': 'Lace'}])
    text, = texts_of(reg, form, 'x')
    assert text.key == 'full_name_b'
    assert {'Ada', 'Lace'} <= set(text.text.replace(',', ' ').split())
    assert 'Countess' in words(render(reg, form, 'x', edits={'full_name_b': 'Countess'}))[0]


def test_a_ticket_has_none(form, reg, template):
    form.kind = BadgeKind.ticket
    assert texts_of(reg, form) == []
    # but another template may be printed in its place
    assert [text.key for text in texts_of(reg, form, template=template)] == ['full_name_b']


def test_without_a_template(form, reg):
    """The texts are those of the default badge."""
    form.template = None
    assert 'full_name_b' in {text.key for text in texts_of(reg, form)}


def test_a_badge_without_a_name(rich, create_reg):
    nobody = create_reg(' ', ' ')
    with pytest.raises(MustHold):
        render(nobody, rich)
    assert 'Ada' in words(render(nobody, rich, edits={'first_name': 'Ada'}))[0]
    ada = create_reg('Ada', 'Lace')
    assert render(ada, rich, edits={'first_name': ''})
    with pytest.raises(MustHold):
        render(ada, rich, edits={'first_name': '', 'last_name': ' '})


@pytest.mark.parametrize('text', ['', 'Zoë', "O'Neill & Söhne", 'AT&T; R&D', '名前', 'x' * MAX_TEXT, '5 & 6', '(1) = 2',
                                  'ک\u200cک', 'a < b', '&lt;b&gt;', '<font size="80">'])
def test_what_can_be_printed(rich, reg, text):
    assert not problem_with(text)
    assert render(reg, rich, edits={'last_name': text})


@pytest.mark.parametrize(('text', 'problem'), [
    ('x' * (MAX_TEXT + 1), 'At most 200'), ('a\0b', 'cannot be printed'), ('a\x1bb', 'cannot be printed'),
    ('a\nb', 'cannot be printed'), ('\ud800', 'cannot be printed'), ('\ue000', 'cannot be printed')])
def test_what_cannot_be_printed(text, problem):
    assert problem in str(problem_with(text))


def test_blanks():
    assert normalize('  Ada \t\n Lace ') == 'Ada Lace'
