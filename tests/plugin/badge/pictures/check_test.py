"""The pictures of a template are tried before anybody prints."""

from io import BytesIO

import pytest

from indico.modules.designer.models.images import DesignerImageFile

from indico_checkin_print.badge.pictures import cache, draw
from indico_checkin_print.badge.pictures.check import fault_of_file, faults_of
from indico_checkin_print.badge.render import render
from tests.fakes import pictures
from tests.plugin.conftest import text_item


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, mocker):
    mocker.patch.object(draw, 'pictures', cache.Cache(lambda: tmp_path / 'pictures'))


@pytest.fixture
def store(db):
    """Return a function that stores an image of a template."""
    def _store(template, content):
        image = DesignerImageFile(template=template, filename='x.png', content_type='image/png')
        image.save(BytesIO(content))
        db.session.add(image)
        db.session.flush()
        return image
    return _store


def fixed(image, **kwargs):
    return text_item('fixed_image', 0, **{'height': 100, 'image_id': image.id, **kwargs})


def test_faults_of_both_sides(template, create_template, store):
    back = create_template('Back')
    template.backside_template = back
    template.background_image = store(template, pictures.hostile()['cut-off-png'][1])
    image = store(back, b'no picture')
    back.data = {**back.data, 'items': [fixed(image), fixed(image, image_id=4711)]}
    assert [str(fault).partition(': ')[::2] for fault in faults_of(template)] == [
        ('The background image of the template', 'the file is cut off, its end is missing. Upload it again.'),
        ('The item "Fixed Image" of the template',
         'it is no picture that can be printed. Upload it again, as PNG or JPEG.'),
        ('The item "Fixed Image" of the template', 'its file cannot be found. Upload it again.')]


def test_what_is_converted_is_no_fault(template, store):
    template.background_image = store(template, pictures.in_colour()['cmyk-jpeg'])
    template.data = {**template.data, 'items': [fixed(store(template, pictures.in_grey()['16-bit-grey']))]}
    assert faults_of(template) == []


def test_what_was_tried_is_ready_for_the_first_badge(reg, form, store, mocker):
    template = form.template
    template.background_image = store(template, pictures.photo(900, 700))
    template.data = {**template.data, 'items': [fixed(store(template, pictures.photo(600, 400)))]}
    faults_of(template)
    convert = mocker.spy(draw, 'convert')
    assert render(reg, form).content.count(b'/Subtype /Image') == 2
    convert.assert_not_called()


@pytest.mark.parametrize('is_background', [True, False])
def test_a_new_file(template, store, is_background):
    for content, fault in ((pictures.in_colour()['png'], ''), (b'no picture', 'it is no picture')):
        image = store(template, content)
        template.background_image = image if is_background else None
        assert str(fault_of_file(image, template)).startswith(fault)
        assert bool(fault_of_file(image, template)) == bool(fault)
