"""The e-mail and the PDF of somebody side by side, before and after they are made; nothing is stored."""

import pytest

from indico.modules.receipts.models.templates import ReceiptTemplate

from indico_checkin_print.certificates.generate import make_waiting
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.models.certificates import Certificate


pytestmark = pytest.mark.usefixtures('no_kick')


def test_before_anything_is_made(db, manager, here, attendee, people):
    url = f'{here}/types/{attendee.id}/preview'
    text = manager.get(url, xhr=False).get_data(as_text=True)
    assert 'The certificate of Viktor Visible, page 1 of 1' in text
    assert 'src="data:image/png;base64,' in text
    assert '<iframe sandbox srcdoc="' in text
    assert 'Dear Viktor Visible,' in text
    assert Certificate.query.count() == 0
    # somebody else, in place
    html = manager.get(f'{url}?name=hilde').json['html']
    assert 'Dear Hildegard Hidden,' in html
    assert 'Nobody who gets a certificate' in manager.get(f'{url}?name=absent').json['html']
    template = ReceiptTemplate(title='Mine', event=attendee.event, html='{{ certificate.nmae }}', css='', yaml='')
    db.session.add(template)
    db.session.flush()
    assert 'certificate.nmae' in manager.get(f'{url}?template={template.id}').json['html']


def test_what_is_made(db, manager, here, attendee, people):
    plan(attendee, 'test')
    certificate = Certificate.query.filter_by(full_name='Viktor Visible').one()
    url = f'{here}/{certificate.id}/preview'
    assert 'As it would be' in manager.get(url, xhr=False).get_data(as_text=True)
    make_waiting('test', seconds=60)
    db.session.expire_all()
    text = manager.get(url, xhr=False).get_data(as_text=True)
    assert 'The PDF as it was made' in text
    assert f'/{certificate.id}/pdf' in text


def test_hidden_people(manager, here, attendee, people, hide):
    url = f'{here}/types/{attendee.id}/preview'
    assert 'Nobody who gets a certificate' in manager.get(f'{url}?name=hildegard').json['html']
    assert 'Viktor Visible' in manager.get(url).json['html']
