"""What a manager changes about types: the dialogs, on and off, own ones, and what makes certificates."""

import pytest

from indico.modules.receipts.models.templates import ReceiptTemplate

from indico_checkin_print.certificates.generate import make_waiting
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.choices import TopicSource
from indico_checkin_print.models.states import CertificateState


pytestmark = pytest.mark.usefixtures('no_kick')

#: What the dialog has as it opens
EDIT = {'title': 'Attendees', 'everybody': 'y', 'checked_in_only': 'y', 'topic': 'none', 'topic_field_id': '0',
        'hours_field_id': '0', 'template_id': '0', 'language': 'recipient', 'how_else': ''}


@pytest.fixture
def url(here, attendee):
    return f'{here}/types/{attendee.id}'


def test_edit(manager, url, attendee, log_of):
    assert manager.get(f'{url}/edit').status_code == 200
    assert manager.save(f'{url}/edit', **EDIT | {'title': '', 'topic': 'field', 'how_else': 'x' * 101}).keys() == {
        'title', 'topic_field_id', 'how_else'}
    assert manager.save(f'{url}/edit', **EDIT | {'title': 'Who was there', 'everybody': None, 'topic': 'form',
                                                 'signed': 'y', 'pdf_a': 'y'}) == {}
    assert (attendee.title, attendee.who, attendee.topic, attendee.signed, attendee.pdf_a) == (
        'Who was there', [], TopicSource.form, True, True)
    # a switch that is off is not sent
    assert not attendee.validated
    assert 'Who was there' in log_of(attendee.event)
    text = manager.get(f'{url}/', xhr=False).get_data(as_text=True)
    assert 'It is for nobody yet' in text
    assert manager.save(f'{url}/edit', **EDIT) == {}
    assert attendee.who is None


def test_speakers_are_asked_less(manager, here, types):
    html = manager.get(f'{here}/types/{types["speaker"].id}/edit').json['html']
    assert 'name="language"' in html
    assert 'name="checked_in_only"' not in html


def test_a_template_with_unknown_placeholders_is_refused(db, manager, url, attendee):
    template = ReceiptTemplate(title='Mine', event=attendee.event, html='{{ certificate.nmae }}', css='', yaml='')
    db.session.add(template)
    db.session.flush()
    assert 'certificate.nmae' in manager.save(f'{url}/edit', **EDIT | {'template_id': template.id})['template_id']
    template.html = '{{ certificate.name }}'
    db.session.flush()
    assert manager.save(f'{url}/edit', **EDIT | {'template_id': template.id}) == {}
    assert attendee.template == template


def test_fields_of_the_template(manager, url, attendee):
    html = manager.get(f'{url}/fields').json['html']
    assert 'Who signs' in html
    fields = {'field_0': 'portrait', 'field_1': '#000000', 'field_2': 'Diploma', 'field_6': 'The Chair'}
    assert manager.save(f'{url}/fields', **fields | {'field_0': 'round'}).keys() == {'field_0'}
    assert manager.save(f'{url}/fields', **fields) == {}
    values = attendee.template_values
    assert (values['orientation'], values['title'], values['signature_position']) == ('portrait', 'Diploma', '')


def test_words_of_the_email(manager, url, attendee):
    html = manager.get(f'{url}/text').json['html']
    assert 'Your certificate' in html
    good = {'subject': 'Thank you, ${first_name}', 'greeting': 'Dear ${full_name},', 'intro': 'Here it is.',
            'download_intro': 'You can also download it.', 'cta_label': 'Get it', 'closing': '', 'post_cta': '',
            'signature': 'Kind regards', 'sign_off': '${event_full_name}', 'footer': ''}
    errors = manager.save(f'{url}/text', **good | {'intro': 'See ${link}', 'subject': '${nope}'})
    assert errors.keys() == {'intro', 'subject'}
    assert '${link}' in errors['intro']
    assert attendee.body == {}
    assert manager.save(f'{url}/text', **good) == {}
    # what is as the product has it is not stored
    assert attendee.body == {'intro': 'Here it is.', 'cta_label': 'Get it', 'closing': '', 'post_cta': ''}
    assert 'Get it' in manager.get(f'{url}/text').json['html']
    assert attendee.subject == 'Thank you, ${first_name}'


def test_own_types(db, manager, here, event, types, create_certificate, flashes):
    assert manager.save(f'{here}/types/add', title='Helpers', name='Helpers!', source='registrations').keys() == {
        'name'}
    assert manager.save(f'{here}/types/add', title='Helpers', name='attendee', source='registrations').keys() == {
        'name'}
    assert manager.save(f'{here}/types/add', title='Helpers', name='helper', source='registrations') == {}
    type_ = CertificateType.query.filter_by(event_id=event.id, name='helper').one()
    assert (type_.who, type_.enabled, type_.signed) == ([], False, True)
    create_certificate(type=type_)
    issued = create_certificate(type=type_, pdf=b'%PDF')
    manager.post(f'{here}/types/{type_.id}/delete')
    assert 'were issued' in flashes()
    db.session.delete(issued)
    db.session.flush()
    manager.post(f'{here}/types/{type_.id}/delete')
    assert 'has been deleted' in flashes()
    assert not CertificateType.query.filter_by(event_id=event.id, name='helper').has_rows()
    manager.post(f'{here}/types/{types["speaker"].id}/delete')
    assert 'belongs to every event' in flashes()


def test_make(db, manager, url, attendee, people, configure, flashes, log_of):
    configure()
    attendee.signed = True
    db.session.flush()
    manager.post(f'{url}/generate')
    assert 'PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY is not set' in flashes()
    assert Certificate.query.count() == 0
    attendee.signed, attendee.enabled = False, False
    db.session.flush()
    manager.post(f'{url}/generate')
    assert 'Switch the type on first' in flashes()
    attendee.enabled = True
    db.session.flush()
    manager.post(f'{url}/generate')
    assert 'People who get one: 2. New: 2' in flashes()
    assert 'asked for' in log_of(attendee.event)
    assert make_waiting('test', seconds=60) == (2, False)
    people[0].checked_in = False
    db.session.flush()
    manager.post(f'{url}/generate')
    assert 'Issued to people who get none any more: 1.' in flashes()
    assert Certificate.query.filter_by(state=CertificateState.ready).count() == 2


def test_copy_of_the_template(db, browse, manager, create_user, url, attendee, flashes):
    assert manager.post(f'{url}/copy-template').status_code == 403
    admin = create_user(501, 'Ada', 'Admin')
    admin.is_admin = True
    attendee.template_values = {'color': '#ff0000'}
    db.session.flush()
    browser = browse(admin)
    assert 'Copy the template into this event' in browser.get(f'{url}/', xhr=False).get_data(as_text=True)
    assert browser.post(f'{url}/copy-template').status_code == 302
    assert attendee.template.event == attendee.event
    assert attendee.template_values == {'color': '#ff0000'}
    assert 'Edit the template' in browser.get(f'{url}/', xhr=False).get_data(as_text=True)
