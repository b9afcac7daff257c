"""The pictures of a badge: what poppler paints of it is what was uploaded, and what cannot be printed is said."""

import subprocess
from io import BytesIO

import pytest
from PIL import Image

from indico.core.storage import StorageError
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.events.registration.models.form_fields import RegistrationFormFieldData
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import RegistrationData
from indico.testing.fixtures.storage import MemoryStorage

from indico_checkin_print import ledger
from indico_checkin_print.badge.losses import Loss, LossKind
from indico_checkin_print.badge.pictures import cache, draw
from indico_checkin_print.badge.render import render, texts_of
from indico_checkin_print.errors import CannotRender, MustHold
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting
from tests.fakes import pictures
from tests.plugin.conftest import HEIGHT, WIDTH, text_item


#: In pixels of the designer, 20 % of the badge's width from its left upper corner
ITEM = {'x': 100, 'y': 50, 'width': 200, 'height': 150, 'preserve_aspect_ratio': True}


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, mocker):
    """A cache of each test's own."""
    mocker.patch.object(draw, 'pictures', cache.Cache(lambda: tmp_path / 'pictures'))


@pytest.fixture
def store(db, form):
    """Return a function that stores an image of the template."""
    def _store(content, template=None):
        image = DesignerImageFile(template=template or form.template, filename='x.png', content_type='image/png')
        image.save(BytesIO(content))
        db.session.add(image)
        db.session.flush()
        return image
    return _store


@pytest.fixture
def background(db, form, store):
    """Return a function that gives the template a background."""
    def _background(content, position='stretch'):
        form.template.background_image = store(content)
        form.template.data = {**form.template.data, 'background_position': position, 'items': []}
        db.session.flush()
    return _background


@pytest.fixture
def fixed(form, store, create_template):
    """Return a function that puts a picture on the badge, over what is below it."""
    def _fixed(content, *items, **kwargs):
        form.template = create_template('Pictures')
        image = store(content)
        form.template.data = {**form.template.data, 'items': [
            *items, {**text_item('fixed_image', 0, image_id=image.id), **ITEM, **kwargs}]}
    return _fixed


@pytest.fixture
def picture_of(db, reg, form, dummy_regform, create_template):
    """Return a function that gives the registration a picture, and a template that shows it."""
    def _picture(content):
        form.template = create_template('Badge', items=[text_item('full_name', 300),
                                                        {**text_item('picture', 0), **ITEM}])
        field = next(field for field in dummy_regform.form_items
                     if field.personal_data_type == PersonalDataType.picture)
        field.is_enabled = True
        field.current_data = field.current_data or RegistrationFormFieldData(field=field)
        data = next((data for data in reg.data if data.field_data == field.current_data), None)
        if data is None:
            data = RegistrationData(field_data=field.current_data, registration=reg)
        data.storage_backend = data.storage_file_id = data.size = None
        data.filename, data.content_type = 'me.jpg', 'image/jpeg'
        data.save(BytesIO(content))
        db.session.flush()
    return _picture


def painted(pdf, dpi=100):
    """Return what poppler paints of the first page."""
    ppm = subprocess.run(['pdftoppm', '-r', str(dpi), '-singlefile', '-'], input=pdf.content, capture_output=True,
                         check=True).stdout
    return Image.open(BytesIO(ppm)).convert('RGB')


def quarters(image, box):
    """Return the colours in the middle of the quarters of a part of a picture; its sides from 0 to 1."""
    left, top, right, bottom = box
    return [image.getpixel((int(image.width * (left + (right - left) * x)),
                            int(image.height * (top + (bottom - top) * y)))) for y in (.25, .75) for x in (.25, .75)]


def alike(found, expected, tolerance=12):
    return all(abs(one - other) <= tolerance for colour, wanted in zip(found, expected, strict=True)
               for one, other in zip(colour, wanted, strict=True))


def box_of(item):
    return (item['x'] / WIDTH / 50, item['y'] / HEIGHT / 50, (item['x'] + item['width']) / WIDTH / 50,
            (item['y'] + item['height']) / HEIGHT / 50)


GREYS = [(grey,) * 3 for grey in pictures.GREYS]


@pytest.mark.parametrize('name', pictures.in_colour())
def test_colours_of_a_background(reg, form, background, name):
    background(pictures.in_colour()[name])
    # CMYK has no profile: a little duller
    assert alike(quarters(painted(render(reg, form)), (0, 0, 1, 1)), pictures.COLOURS, 25 if 'cmyk' in name else 12)


@pytest.mark.parametrize('name', pictures.in_grey())
def test_greys_of_a_background(reg, form, background, name):
    background(pictures.in_grey()[name])
    pdf = render(reg, form)
    assert alike(quarters(painted(pdf), (0, 0, 1, 1)), GREYS)
    assert b'/DeviceGray' in pdf.content
    assert b'/DeviceRGB' not in pdf.content


def test_a_profile_is_applied(reg, form, background):
    background(pictures.swapped())
    red, green, *__ = quarters(painted(render(reg, form)), (0, 0, 1, 1))
    assert red[1] > red[0] + 50
    assert green[0] > green[1] + 50


def test_a_background_that_is_not_stretched_is_in_the_middle(reg, form, background):
    background(pictures.saved(pictures.drawn(size=(80, 60)), 'PNG'), 'center')
    image = painted(render(reg, form), 72)
    left, top = (image.width - 80) / 2, (image.height - 60) / 2
    box = (left / image.width, top / image.height, (left + 80) / image.width, (top + 60) / image.height)
    assert alike(quarters(image, box), pictures.COLOURS)
    assert image.getpixel((int(left) - 4, image.height // 2)) == (255, 255, 255)


@pytest.mark.parametrize('name', ['png', 'transparent', 'transparent-palette', 'transparent-colour', 'turned-6'])
def test_an_item(reg, form, fixed, store, name):
    """What is transparent shows what is behind it."""
    fixed(pictures.in_colour()[name])
    form.template.background_image = store(pictures.saved(Image.new('L', (9, 9), 0), 'PNG'))
    expected = list(pictures.COLOURS)
    if 'transparent' in name:
        expected[3] = (0, 0, 0)
    assert alike(quarters(painted(render(reg, form)), box_of(ITEM)), expected)


def test_the_edge_of_what_is_transparent_has_no_fringe(reg, form, fixed):
    image = Image.new('RGBA', (1600, 1200), (0, 0, 0, 0))
    image.paste((250, 250, 250, 255), (0, 0, 807, 1200))
    fixed(pictures.saved(image, 'PNG'))
    assert min(min(pixel) for pixel in painted(render(reg, form)).get_flattened_data()) > 240


def test_proportions_of_an_item(reg, form, fixed):
    fixed(pictures.in_colour()['png'], height=300)
    kept = painted(render(reg, form))
    assert alike(quarters(kept, box_of({**ITEM, 'y': 125, 'height': 150})), pictures.COLOURS)
    fixed(pictures.in_colour()['png'], height=300, preserve_aspect_ratio=False)
    assert alike(quarters(painted(render(reg, form)), box_of({**ITEM, 'height': 300})), pictures.COLOURS)


def test_the_logo_of_the_event(reg, form, create_template):
    reg.event.logo = pictures.in_colour()['palette']
    reg.event.logo_metadata = {'size': 1, 'hash': 1, 'filename': 'l.png', 'content_type': 'image/png'}
    form.template = create_template('Logo', items=[{**text_item('event_logo', 0), **ITEM}])
    assert alike(quarters(painted(render(reg, form)), box_of(ITEM)), pictures.COLOURS)


def test_a_picture_of_a_person_is_drawn_and_not_kept(reg, form, picture_of, tmp_path):
    picture_of(pictures.turned(8))
    assert alike(quarters(painted(render(reg, form)), box_of(ITEM)), pictures.COLOURS)
    assert not (tmp_path / 'pictures').exists()


def test_a_ticket(reg, form, dummy_regform, background):
    background(pictures.in_colour()['transparent'])
    form.kind, dummy_regform.ticket_template = BadgeKind.ticket, form.template
    form.template = None
    box = (0, 0, WIDTH / 21, HEIGHT / 29.7)
    assert alike(quarters(painted(render(reg, form)), box), pictures.COLOURS)


def test_both_sides_share_a_picture(db, reg, form, store, create_template):
    back = create_template('Back', items=[])
    form.template = create_template('Front', backside=back, items=[])
    content = pictures.photo(900, 700)
    for template in (form.template, back):
        template.background_image = store(content, template)
    form.backside = True
    db.session.flush()
    pdf = render(reg, form)
    assert pdf.pages == 2
    assert pdf.content.count(b'/Subtype /Image') == 1


@pytest.mark.parametrize('name', ['cut-off-png', 'bomb', 'text', 'layers'])
def test_a_broken_background_is_named(reg, form, background, name):
    fault, content = pictures.hostile()[name]
    background(content)
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert excinfo.value.reason == Reason.picture_refused
    assert str(excinfo.value.detail) == f'The background image of the template: {draw.describe(fault)}'


def test_a_broken_item_is_named(reg, form, fixed):
    fixed(b'no picture')
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert excinfo.value.reason == Reason.picture_refused
    assert str(excinfo.value.detail).startswith('The item "Fixed Image" of the template: it is no picture')


def test_a_background_whose_file_is_gone(reg, form, background, mocker):
    background(pictures.in_colour()['png'])
    mocker.patch.object(MemoryStorage, 'open', side_effect=StorageError)
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert 'its file cannot be found' in str(excinfo.value.detail)


def test_a_background_is_read_once(reg, form, background):
    background(pictures.photo(900, 700))
    first = render(reg, form).content
    form.template.background_image.storage.delete(form.template.background_image.storage_file_id)
    assert render(reg, form).content == first


def test_a_broken_picture_of_a_person(db, reg, form, check_in, picture_of):
    """It holds the badge, which prints without it when somebody releases it, or with another one."""
    picture_of(pictures.hostile()['cut-off-jpeg'][1])
    with pytest.raises(MustHold) as excinfo:
        render(reg, form)
    assert excinfo.value.reason == Reason.lost_picture
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.held, Reason.lost_picture)
    assert job.detail == 'Picture: left out, the file is cut off, its end is missing. Upload it again.'
    ledger.release([job], 'user:1')
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.facts['losses']) == (JobState.ready, [['picture', 'picture', 'cut_off']])
    picture_of(pictures.in_colour()['jpeg'])
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.facts.get('losses')) == (JobState.ready, None)


def test_a_loss_is_in_the_document(reg, form, picture_of):
    picture_of(b'no picture')
    pdf = render(reg, form, accepted={Reason.lost_picture})
    assert pdf.losses == (Loss(LossKind.picture, 'picture', 'unknown_kind'),)


def test_texts_are_found_whatever_the_pictures_are(reg, form, fixed, store):
    fixed(b'no picture', text_item('full_name', 300))
    form.template.background_image = store(pictures.hostile()['cut-off-png'][1])
    assert [text.text for text in texts_of(reg, form)] == ['Müller, Zoë']
