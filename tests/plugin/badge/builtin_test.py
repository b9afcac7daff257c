"""The badge for which nobody drew a template: it shows who somebody is, and its code is the one of their ticket."""

from io import BytesIO
from itertools import pairwise

import pytest
from pypdf import PdfReader

from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import RegistrationData

from indico_checkin_print.badge.builtin import HEIGHT, WIDTH, builtin_template
from indico_checkin_print.badge.render import render


@pytest.fixture
def affiliated(db, dummy_regform, reg):
    field = next(x for x in dummy_regform.active_fields if x.personal_data_type == PersonalDataType.affiliation)
    db.session.add(RegistrationData(registration=reg, field_data=field.current_data,
                                    data={'id': None, 'text': 'Université de Genève'}))
    db.session.flush()
    return reg


def test_it_shows_name_affiliation_and_code(form, affiliated):
    pdf = render(affiliated, form, template=builtin_template())
    assert (pdf.pages, pdf.width_mm, pdf.height_mm) == (1, WIDTH, HEIGHT)
    page, = PdfReader(BytesIO(pdf.content)).pages
    text = page.extract_text()
    assert 'Zoë' in text
    assert 'Müller' in text
    assert 'Université de Genève' in text


def test_all_of_it_is_on_the_page():
    data = builtin_template().data
    for item in data['items']:
        assert item['x'] >= 0
        assert item['x'] + item['width'] <= data['width']
        assert item['y'] + item['height'] <= data['height']


def test_nothing_is_over_anything_else():
    items = sorted(builtin_template().data['items'], key=lambda item: item['y'])
    for upper, lower in pairwise(items):
        assert upper['y'] + upper['height'] <= lower['y']


def test_it_is_never_stored(db, form, affiliated):
    render(affiliated, form, template=builtin_template())
    db.session.flush()
    assert not [x for x in db.session if getattr(x, 'title', None) == '' and hasattr(x, 'backside_template')]
