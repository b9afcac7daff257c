"""The code of a ticket on a badge: a mask that says what Indico's own picture says, where Indico draws it."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image, ImageChops
from pypdf import PdfReader

from indico.core import signals
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.designer.pdf import DesignerPDFBase
from indico.modules.events.registration.badges import RegistrantsListToBadgesPDF
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.util import generate_ticket_qr_code, get_persons

from indico_checkin_print.badge import qr
from indico_checkin_print.badge.render import render, texts_of
from indico_checkin_print.models.choices import BadgeKind, QRLevel
from tests.plugin.conftest import text_item
from tests.stack.codes import texts_in, texts_seen
from tests.stack.dots import diffuse, in_grey, threshold


PERSON = 'a3a4e3d2-0a5d-4c43-9c5f-3e6b1f6a1a52'
#: Pixels of a template in a mm
MM = 5


def code_item(**kwargs):
    return {**text_item('ticket_qr_code', 300), 'x': 150, 'width': 150, 'height': 150, **kwargs}


@pytest.fixture
def draw(form, reg, create_template):
    """Return a function that draws a badge with some items and returns the PDF."""
    def _draw(*items):
        form.template = create_template('Code', items=items or [code_item()])
        return render(reg, form).content
    return _draw


@pytest.fixture
def by_indico(form, reg, monkeypatch):
    """Return a function that has Indico draw the same badge as it draws all pictures."""
    def _draw():
        with monkeypatch.context() as patch:
            patch.setattr(qr.Scannable, '_draw_item', RegistrantsListToBadgesPDF._draw_item)
            patch.setattr(qr.Scannable, 'placeholders_context', DesignerPDFBase.placeholders_context)
            return render(reg, form).content
    return _draw


def person_of(registration, number=0):
    return get_persons([registration], True)[number]


def said_by_indico(person):
    """What is in the picture that Indico makes for a ticket."""
    code, = zxingcpp.read_barcodes(Image.open(generate_ticket_qr_code(person)).convert('L'))
    return code.text


def images_in(document):
    """The sizes of the pictures in a PDF; a mask, which has its place in the page itself, is none."""
    found = [thing.get_object() for page in PdfReader(BytesIO(document)).pages
             for thing in page['/Resources'].get('/XObject', {}).values()]
    return [(image['/Width'], image['/Height']) for image in found if image['/Subtype'] == '/Image']


@pytest.mark.parametrize('dpi', [203, 300])
@pytest.mark.parametrize('dots', [threshold, diffuse])
def test_it_says_what_indico_says(draw, reg, dpi, dots):
    document = draw()
    page, = in_grey(document, dpi)
    assert texts_in(dots(page)) == texts_seen(dots(page), dpi) == [said_by_indico(person_of(reg))]
    assert images_in(document) == []


def test_it_is_where_indico_draws_it(draw, by_indico):
    ours, theirs = (in_grey(document, 600)[0] for document in (draw(), by_indico()))
    assert images_in(by_indico())
    # poppler moves a picture by parts of a dot, a module has 18
    wrong = ImageChops.difference(threshold(ours), threshold(theirs)).histogram()[255]
    assert wrong / threshold(theirs).histogram()[0] < .1


def test_a_ticket(form, reg, create_template, dummy_regform, mocker):
    mocker.patch.object(Registration, 'accompanying_persons', [{'id': PERSON, 'firstName': 'Ada', 'lastName': 'Lace'}])
    form.kind, form.template = BadgeKind.ticket, None
    dummy_regform.ticket_template = create_template('Ticket')
    dummy_regform.tickets_for_accompanying_persons = True
    document = render(reg, form).content
    assert images_in(document) == []
    assert sorted(texts_in(in_grey(document, 300)[0])) == sorted(said_by_indico(person_of(reg, n)) for n in (0, 1))


def test_an_accompanying_person(form, reg, mocker):
    mocker.patch.object(Registration, 'accompanying_persons', [{'id': PERSON, 'firstName': 'Ada', 'lastName': 'Lace'}])
    said, = texts_in(in_grey(render(reg, form, PERSON).content, 300)[0])
    assert said == said_by_indico(person_of(reg, 1)) != said_by_indico(person_of(reg))


@pytest.mark.parametrize(('data', 'said'), [('https://site.example/access?x=Zoë', 'https://site.example/access?x=Zoë'),
                                            ({'i': [2, 'x'], 'ë': 1}, '{"i":[2,"x"],"\\u00eb":1}'),
                                            ('0123456789' * 9, '0123456789' * 9)])
def test_the_code_of_another_plugin(draw, reg, data, said):
    asked = []

    def answer(sender, **kwargs):
        asked.append(sender)
        return data

    with signals.event.registration.generate_ticket_qr_code.connected_to(answer):
        document = draw()
        # once, as by Indico: it may cost another plugin a request
        assert asked == [reg]
        assert texts_in(in_grey(document, 300)[0]) == [said] == [said_by_indico(person_of(reg))]


def test_another_plugin_draws_it_elsewhere(draw):
    """It gets a picture that says the same, and returns a copy of the item."""
    seen = []

    def move(sender, data, **kwargs):
        if data['item']['type'] == 'ticket_qr_code':
            seen.append(texts_in(Image.open(data['text']).convert('L')))
            return {'item': {**data['item'], 'y': data['item']['y'] + 100}}
        return None

    before = in_grey(draw(), 254)[0]
    with signals.event.designer.draw_item_on_badge.connected_to(move):
        after = in_grey(draw(), 254)[0]
    assert seen == [texts_in(after)]
    # 100 pixels of a template are 20 mm, and 10 dots are a mm
    assert ImageChops.difference(before, ImageChops.offset(after, 0, -200)).getbbox() is None


def test_another_plugin_draws_its_own_picture(draw):
    def replace(sender, data, **kwargs):
        if data['item']['type'] == 'ticket_qr_code':
            picture = BytesIO()
            Image.new('L', (40, 40), 128).save(picture, 'PNG')
            return {'text': picture}
        return None

    with signals.event.designer.draw_item_on_badge.connected_to(replace):
        document = draw()
    assert images_in(document) == [(40, 40)]
    assert texts_in(in_grey(document, 300)[0]) == []


def test_a_box_that_is_no_square(draw, reg):
    """A code is never stretched."""
    page, = in_grey(draw(code_item(width=200, height=100, preserve_aspect_ratio=False)), 254)
    left, top, right, bottom = ImageChops.invert(page).getbbox()
    assert right - left == pytest.approx(bottom - top, abs=1)
    # in the middle of its item: mm are 5 pixels of the template, and 10 dots
    assert (left + right) / 20 == pytest.approx((150 + 100) / MM, abs=.1)
    assert (top + bottom) / 20 == pytest.approx((300 + 50) / MM, abs=.1)
    assert len(texts_in(page)) == 1


def on_black(db, template):
    """Give a template a black background."""
    template.background_image = image = DesignerImageFile(template=template, filename='b.png', content_type='image/png')
    picture = BytesIO()
    Image.new('RGB', (96, 134)).save(picture, 'PNG')
    picture.seek(0)
    image.save(picture)
    db.session.flush()


@pytest.mark.parametrize(('others', 'white'), [
    ([], [4, 4, 4, 4]),
    # 8 pixels are 1.6 mm, 1.9 modules
    ([text_item('fixed_image', 300, x=308, width=100, height=100, id=2)], [4, 4, 2.9, 4]),
])
def test_a_quiet_zone_on_a_dark_background(db, draw, form, reg, create_template, mocker, others, white):
    form.template = create_template('Dark', items=[code_item(), *others])
    mocker.patch('indico.modules.designer.placeholders.FixedImagePlaceholder.render', return_value=None)
    on_black(db, form.template)
    page, = in_grey(render(reg, form).content, 254)
    module = 30 / 35
    symbol = [(30 + module), (60 + module), (60 - module), (90 - module)]
    sides = [(edge / 10 - place) / module for edge, place in zip(page.getbbox(), symbol, strict=True)]
    assert [abs(side) for side in sides] == pytest.approx(white, abs=.15)
    assert len(texts_in(threshold(page))) == 1


@pytest.mark.parametrize('level', QRLevel)
def test_the_level_of_error_correction(level):
    symbol = qr.symbol('{"i":[2,"indico.example.com","AAAAAAAAAAAAAAAAAAAAAA=="]}', level)
    side = len(symbol) + 8
    picture = Image.new('L', (side, side), 255)
    for y, row in enumerate(symbol, 4):
        for x, dark in enumerate(row, 4):
            picture.putpixel((x, y), 255 * (not dark))
    code, = zxingcpp.read_barcodes(picture.resize((side * 4, side * 4), Image.Resampling.NEAREST))
    assert (code.text, code.ec_level) == ('{"i":[2,"indico.example.com","AAAAAAAAAAAAAAAAAAAAAA=="]}',
                                          level.name[0].upper())


def test_what_is_judged(template):
    item = template.data['items'][1]
    code = qr.code_on(template.data, item, '{"i":[2,"indico.example.com","AAAAAAAAAAAAAAAAAAAAAA=="]}', QRLevel.low)
    assert (code.count, code.version, code.quiet) == (29, 3, 4)
    assert code.module_mm == pytest.approx(30 / 31)
    edge = {**item, 'x': 0}
    assert qr.code_on({**template.data, 'items': [edge]}, edge, code.payload).quiet == 1


def test_the_mask():
    assert qr.mask([[True, False, True], [False, False, True], [False] * 3]) == (
        ['FF00FF'] * 8 + ['0000FF'] * 8 + ['000000'] * 8)


def test_it_is_no_text(form, reg):
    """What volunteers may edit are the texts."""
    assert [text.key for text in texts_of(reg, form)] == ['full_name_b']
