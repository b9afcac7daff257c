"""The texts of a badge, drawn by Indico's designer: as they were written, where Indico puts them."""

import time
from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter

from indico.core import signals
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import RegistrationData
from indico.util.string import RichMarkup

from indico_checkin_print.badge.items import key_of
from indico_checkin_print.badge.losses import Loss, LossKind
from indico_checkin_print.badge.render import render
from indico_checkin_print.badge.text.draw import text_of
from indico_checkin_print.errors import CannotRender, MustHold
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.reasons.codes import Reason
from tests.fakes.texts import text_in
from tests.plugin.conftest import text_item
from tests.stack import ink


BOXES = frozenset({Reason.missing_glyphs})


@pytest.fixture
def draw(form, reg, create_template):
    """Return a function that draws a name, or other items, and returns the `BadgePDF`."""
    def _draw(name='', *items, accepted=frozenset()):
        reg.first_name, reg.last_name = name, ''
        form.template = create_template('Text', items=items or [text_item('first_name', 50)])
        return render(reg, form, accepted=accepted | {Reason.no_name})
    return _draw


def placed(pdf):
    """Return where each piece of text is, as (text, x, y) in points from the lower left."""
    found = []

    def visit(text, __, matrix, font, size):
        if text.strip():
            found.append((text.strip(), matrix[4], matrix[5]))
    PdfReader(BytesIO(pdf.content)).pages[0].extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize('name', [
    '<b>Zoë</b> & <font size="80" color="red">Müller</font>', '&lt;b&gt; &amp;amp; &#60;', '${name} {{ 1 + 1 }} %s',
    '<img src="x"/> Zoë', '<para>', '</para>', '<br/>', 'abc < def > ghi', '<!-- x -->', '\\( ) \\n',
    'محمد بن سلمان', '王小明', 'Nguye\u0302\u0303n'])
def test_what_people_type_is_text(draw, name):
    pdf = draw(name)
    assert text_in(pdf.content).split() == name.split()
    assert not pdf.losses


@pytest.mark.parametrize(('name', 'drawn'), [
    ('Zo\u202eë\u202c', 'Zoë'), ('\u2067Zoë\u2069', 'Zoë'), ('Zo\u00ad\u200bë\x07', 'Zoë'), ('\u202e', '')])
def test_nobody_disfigures_their_badge(draw, name, drawn):
    assert ''.join(text_in(draw(name).content).split()) == drawn


@pytest.mark.parametrize('name', ['x' * 5000, 'Ꞑ𝓐' * 2500, 'a' + '\u0301' * 5000],
                         ids=['one word', 'two fonts', 'accents'])
def test_nobody_keeps_the_others_waiting(draw, name):
    begin = time.monotonic()
    assert draw(name).pages == 1
    assert time.monotonic() - begin < 10


def test_the_markup_of_a_description_is_no_text():
    assert text_of(RichMarkup('<p>Zoë &amp; <b>Co</b></p>')) == 'Zoë & Co'
    assert text_of('<p>Zoë &amp; <b>Co</b></p>') == '<p>Zoë &amp; <b>Co</b></p>'
    assert text_of(12) == '12'


def test_chinese_characters_look_as_in_their_country(draw, reg, dummy_regform):
    unknown = draw('直子').content
    field, = (field for field in dummy_regform.form_items if field.personal_data_type == PersonalDataType.country)
    reg.data.append(RegistrationData(field_data=field.current_data, data='CN'))
    assert draw('直子').content == unknown
    reg.data[-1].data = 'JP'
    assert draw('直子').content != unknown


def test_a_character_without_a_font_holds_the_badge(draw):
    with pytest.raises(MustHold) as excinfo:
        draw('Zo\ue000ë \ue001')
    assert (excinfo.value.reason, excinfo.value.detail) == (Reason.missing_glyphs, 'U+E000 U+E001')


def test_boxes_by_choice(draw):
    assert draw('Zo\ue000ë', accepted=BOXES).losses == (Loss(LossKind.missing_glyphs, 'first_name', 'U+E000'),)


def test_a_ticket_is_written_alike(form, reg, dummy_regform, create_template):
    form.kind, form.template = BadgeKind.ticket, None
    dummy_regform.ticket_template = create_template('Ticket', items=[text_item('first_name', 50)],
                                                    backside=create_template('B', items=[text_item('last_name', 99)]))
    reg.first_name, reg.last_name = '<b>王</b>', 'हिन्दी'
    assert sorted(text_in(render(reg, form).content).split()) == ['<b>王</b>', 'हिन्दी']
    reg.last_name = '\ue000'
    with pytest.raises(MustHold):
        render(reg, form)


@pytest.mark.parametrize(('align', 'x'), [('left', 28.3), ('justified', 28.3), ('center', 141.7), ('right', 255.1)])
def test_alignment(draw, align, x):
    (text, left, __), = placed(draw('i', text_item('first_name', 50, text_align=align, x=50, width=400)))
    assert text == 'i'
    # the letter is 5.6 pt wide
    assert left == pytest.approx(x + {'center': -2.8, 'right': -5.6}.get(align, 0), abs=1)


def test_lines_follow_each_other_at_the_size_of_the_letters(draw):
    lines = placed(draw('', text_item('fixed', 50, text='one two', width=120, font_size='30pt',
                                      font_family='sans-serif')))
    (__, __, first), (__, __, second) = lines
    assert first - second == pytest.approx(30)
    # hung as Indico hangs it: 50 px are 28.3 pt
    assert first == pytest.approx(13.4 / 2.54 * 72 - 28.35 - 30, abs=.5)


def test_tall_scripts_get_their_room(draw):
    """Letters that rise higher than those of the template's font would be cut by the line above."""
    latin, tibetan = (placed(draw('', text_item('fixed', 50, text=text, width=60, font_size='30pt')))
                      for text in ('ab ab', 'ཧཱུྃ ཧཱུྃ'))
    assert tibetan[0][2] - tibetan[1][2] > latin[0][2] - latin[1][2]


def test_a_justified_text_fills_its_lines(draw):
    item = text_item('fixed', 50, text='one two three', width=140, font_size='20pt', text_align='justified')
    left, justified = (draw('', {**item, 'text_align': align}).content for align in ('left', 'justified'))
    assert left != justified
    assert text_in(left) == text_in(justified)


def test_resize_shrinks_to_one_line(draw):
    item = text_item('fixed', 50, text='European Organization of Physics', width=400)
    assert len(placed(draw('', item))) > 1
    assert len(placed(draw('', {**item, 'text_overflow': 'resize'}))) == 1


HOSTILE = ['x' * 5000, 'y ' * 2500, 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
           'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a' * 9,
           'a' + '\u0301' * 5000,
           'བསྟན་འཛིན རྒྱ་མཚོ ཨོཾ ཧཱུྃ', 'အောင်ဆန်း စုကြည် ဖြိုးဝေ', 'ꦱꦸꦏꦂꦤꦺꦴ ꦥꦿꦧꦺꦴꦮꦺꦴ', 'ᬓᭂᬢᬸᬢ᭄ ᬕᬸᬱ᭄ᬢᬶ', 'ٹیپو ڈار ' * 30, 'jgpqy ' * 40,
           '東京都' * 90, 'เกียรติศักดิ์' * 20, '﷽' * 20, '𒐫' * 20, 'W' * 30]


@pytest.mark.parametrize('overflow', ['wrap', 'resize'])
@pytest.mark.parametrize('name', HOSTILE, ids=range(len(HOSTILE)))
def test_ink_stays_in_its_room(draw, name, overflow):
    """Measured on the page as it is printed."""
    look = {'x': 20, 'width': 440, 'text_overflow': overflow, 'bold': True}
    red, blue, green = (ink.COLORS[color] for color in ('red', 'blue', 'green'))
    pdf = draw(name, text_item('first_name', 100, font_size='36pt', color=red, **look),
               text_item('fixed', 170, text='ÄÖÜÉ', font_size='20pt', color=blue, **look),
               text_item('fixed', 20, text='Conference', font_size='14pt', color=green, **look), accepted=BOXES)
    found = ink.boxes(ink.page(pdf.content))
    name, beneath, above = found['red'], found['blue'], found['green']
    # in mm; 50 pixels of a template are a centimetre
    assert above[3] <= name[1] + .2
    assert name[3] <= beneath[1] + .2
    assert name[0] >= 4 - .2
    assert name[2] <= 92 + .2


def with_margin(document, mm):
    """Return a PDF on whose page one sees what was drawn beside it."""
    writer, file = PdfWriter(clone_from=BytesIO(document)), BytesIO()
    for box in (writer.pages[0].mediabox, writer.pages[0].cropbox):
        box.lower_left = [side - mm / 25.4 * 72 for side in box.lower_left]
        box.upper_right = [side + mm / 25.4 * 72 for side in box.upper_right]
    writer.write(file)
    return file.getvalue()


def test_ink_at_the_edges_of_the_badge(draw):
    look = {'x': 0, 'width': 480, 'font_size': '60pt', 'bold': True, 'italic': True}
    pdf = draw('fWj ' * 40, text_item('first_name', 0, color=ink.COLORS['red'], **look))
    left, top, right, bottom = ink.boxes(ink.page(with_margin(pdf.content, 10)))['red']
    assert min(left, top) >= 10 - .2
    assert right <= 10 + pdf.width_mm + .2
    assert bottom <= 10 + pdf.height_mm + .2
    assert not pdf.losses


def test_what_is_cut_or_left_out_is_known(draw):
    losses = draw('a' + '\u0301' * 10, text_item('first_name', 50),
                  text_item('fixed', 90, text='x' * 5000, width=100, font_size='20pt'),
                  text_item('fixed', 120, text='VIP', text_align='left')).losses
    assert losses[0] == Loss(LossKind.accents, 'first_name', '6')
    (kind, item, detail), = ((loss.kind, loss.item, loss.detail) for loss in losses[1:])
    assert (kind, item) == (LossKind.cut, key_of({'type': 'fixed', 'text': 'x' * 5000}))
    shown, __, of = detail.partition('/')
    assert of == '5000'
    assert 0 < int(shown) < 200


def test_a_hyphen_is_no_part_of_the_text(draw):
    pdf = draw('', text_item('fixed', 50, text='Donaudampfschifffahrtsgesellschaft', width=150, font_size='20pt'))
    text = text_in(pdf.content)
    assert ''.join(text.split()).replace('\xad', '') == 'Donaudampfschifffahrtsgesellschaft'
    assert '-' not in text
    assert not pdf.losses


def test_who_has_no_country_and_who_has_one(draw, reg, dummy_regform):
    """Words are broken as in the language of the country."""
    item = text_item('affiliation', 50, width=120, font_size='20pt', font_family='sans-serif')
    field, = (field for field in dummy_regform.form_items if field.personal_data_type == PersonalDataType.country)
    work, = (field for field in dummy_regform.form_items if field.personal_data_type == PersonalDataType.affiliation)
    reg.data.append(RegistrationData(field_data=work.current_data, data='Universidad'))
    reg.data.append(RegistrationData(field_data=field.current_data, data='ES'))
    lines = [text.replace('\xad', '') for text, *__ in placed(draw('', item))]
    assert lines in (['Univer', 'sidad'], ['Universi', 'dad'], ['Uni', 'versidad'])


def test_a_background(draw):
    plain = draw('', text_item('fixed', 50, text='x')).content
    assert draw('', text_item('fixed', 50, text='x', background_color=ink.COLORS['red'])).content != plain


def test_another_plugin_has_its_say(draw, template):
    """It may choose a size, and a font that has no file."""
    def update(sender, item, styles, **kwargs):
        return {'fontSize': 40, 'leading': 40, 'fontName': 'Helvetica', 'textColor': 'red'}
    with signals.event.designer.update_badge_style.connected_to(update):
        (text, *__), = placed(draw('Zoë'))
        assert text == 'Zoë'


@pytest.mark.parametrize('family', ['serif', 'sans-serif', 'courier', 'LinuxLibertine', 'Kochi-Mincho', 'Kochi-Gothic',
                                    'Uming-CN'])
@pytest.mark.parametrize(('bold', 'italic'), [(False, False), (True, True)])
def test_all_fonts_of_the_designer(draw, family, bold, italic):
    item = text_item('first_name', 50, font_family=family, bold=bold, italic=italic)
    assert text_in(draw('Zoë 王 Ж', item).content).split() == ['Zoë', '王', 'Ж']


def test_a_size_that_is_none(draw):
    with pytest.raises(CannotRender, match=r'First Name.* its text cannot be set'):
        draw('Zoë', text_item('first_name', 50, font_size='0pt'))


def test_an_item_without_a_width(draw):
    """One letter below the other: it is not the registrant who made the template."""
    assert ''.join(text_in(draw('Zoë', text_item('first_name', 50, width=0)).content).split()) == 'Zoë'
