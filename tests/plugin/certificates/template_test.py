"""The document template: what it asks for exists, and what it draws is one page with any name."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from qrcode import QRCode

from indico.modules.receipts.models.templates import ReceiptTemplate

from indico_checkin_print.badge.context import in_event
from indico_checkin_print.certificates.context import Shown, build_context
from indico_checkin_print.certificates.draw import MAX_PAGES, draw
from indico_checkin_print.certificates.qr import qr_svg
from indico_checkin_print.certificates.template import Template, check_template, default_template, template_of
from indico_checkin_print.errors import CannotMake


ZOE = Shown('7Q2MXRVT', 'a9e5a4b1-0000-8000-8000-000000000000', 'Zoë Müller', 'Zoë', 'zoe@example.test')


def context_for(type_, shown=ZOE, registration=None, values=None, locale='en_GB'):
    with in_event(type_.event, lambda: locale):
        return build_context(shown, type_, registration, values if values is not None else template_of(type_).values)


def drawn(type_, shown=ZOE, *, locale='en_GB', pdf_a=False, **values):
    template = template_of(type_)
    template.values.update(values)
    with in_event(type_.event, lambda: locale):
        context = build_context(shown, type_, None, template.values)
        return draw(template, context, type_.event, title='Certificate', pdf_a=pdf_a)


def text_of(pdf):
    return ' '.join(' '.join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.parametrize(('html', 'named'), [
    ('{{ certificate.nmae }}', 'certificate.nmae'), ('{{ certificates.name }}', 'certificates'),
    ('{% if false %}{{ event.titel }}{% endif %}', 'event.titel'), ('{{ event["tilte"] }}', 'event.tilte'),
    ('{{ registration.personal_data.nmae }}', 'registration.personal_data.nmae'),
    ('{{ custom_fields.color }}', 'custom_fields.color'), ('{{ event.title | shout }}', 'shout'),
    ('{% if %}', 'Line 1'), ('{{ "x" * 200001 }}' + ' ' * 200_001, 'too long')])
def test_what_does_not_exist_is_refused(app, attendee, html, named):
    context = context_for(attendee, values={'colour': 'red'})
    with pytest.raises(CannotMake) as refused:
        check_template(Template('x', html, '', {'colour': 'red'}), context)
    assert named in refused.value.detail


@pytest.mark.parametrize('html', [
    '{% set data = registration.personal_data %}{{ data.first_name }}{{ custom_fields.colour.upper() }}',
    '{% for field in registration.field_data %}{{ loop.index }}{{ field.title }}{% endfor %}',
    '{{ event.start_dt.date() }}{{ event.start_dt | format_date("long") }}{{ now_utc() }}',
    '{% macro line(i) %}{{ i }}{% endmacro %}{{ line(1) }}',
    '{% for i in range(2) %}{{ custom_fields["a" ~ i] }}{% endfor %}'])
def test_what_exists_is_not(app, attendee, html):
    check_template(Template('x', html, '', {'colour': 'red'}), context_for(attendee, values={'colour': 'red'}))


def test_indicos_own_template(app, db, dummy_event, attendee):
    """The template that Indico brings along works as well."""
    from pathlib import Path

    import indico.modules.receipts
    folder = Path(indico.modules.receipts.__file__).parent / 'default_templates' / 'attendance'
    attendee.template = ReceiptTemplate(title='Indico', event=dummy_event,
                                        html=(folder / 'template.html').read_text(),
                                        css=(folder / 'theme.css').read_text(),
                                        yaml=(folder / 'metadata.yaml').read_text())
    db.session.flush()
    check_template(template_of(attendee), context_for(attendee))
    assert 'Zoë Müller' in text_of(drawn(attendee))
    attendee.template.is_deleted = True
    with pytest.raises(CannotMake, match='was deleted'):
        template_of(attendee)


@pytest.mark.parametrize(('orientation', 'size'), [('landscape', (842, 595)), ('portrait', (595, 842))])
def test_the_default(app, attendee, orientation, size):
    attendee.validated = True
    check_template(template_of(attendee), context_for(attendee))
    pdf = drawn(attendee, orientation=orientation, signature_name='Prof. Ada Byron', place='Geneva')
    page, = PdfReader(BytesIO(pdf)).pages
    assert tuple(round(side) for side in page.mediabox[2:]) == size
    text = text_of(pdf)
    for words in ('Certificate of attendance', 'Zoë Müller', attendee.event.title, '7Q2M-XRVT', 'Prof. Ada Byron',
                  'Certificate no.'):
        assert words in text
    assert '/c/7Q2MXRVT' in text.replace(' ', '')
    # it is drawn as vectors, and always the same
    assert not page.images
    assert drawn(attendee, orientation=orientation, signature_name='Prof. Ada Byron', place='Geneva') == pdf


@pytest.mark.parametrize('name', ['محمد عبد الرحمن الخوارزمي', 'สมชาย ใจดีศรีสวัสดิ์', '山田 太郎', 'नरेन्द्र मोदी',
                                  'Maximiliane-Josephine Freifrau von und zu Hohenstein-Wolkenburg'])
def test_any_name_is_on_one_page_with_letters(app, attendee, name):
    shown = Shown('7Q2MXRVT', ZOE.uuid, name, name.split()[0], ZOE.email)
    for orientation in ('landscape', 'portrait'):
        page, = PdfReader(BytesIO(drawn(attendee, shown, orientation=orientation))).pages
    fonts = [font.get_object()['/BaseFont'] for font in page['/Resources']['/Font'].values()]
    # a box in place of a letter is drawn with the font of the other text
    families = {re.sub('-(Semi-)?Bold$', '', font.partition('+')[2]) for font in fonts}
    assert len(families) == (1 if name.isascii() else 2), families


def test_the_day_is_that_of_the_events_zone(app, db, dummy_event, attendee):
    from datetime import UTC, datetime
    dummy_event.timezone = 'Asia/Tokyo'
    dummy_event.start_dt, dummy_event.end_dt = (datetime(2026, 5, day, 20, tzinfo=UTC) for day in (1, 2))
    db.session.flush()
    context = context_for(attendee)
    assert context['certificate']['dates'] == '2–3 May 2026'
    assert context['event']['start_dt'].day == 2
    assert context_for(attendee, locale='fr_FR')['certificate']['dates'] == '2–3 mai 2026'


def test_a_sentence_of_ones_own(app, create_type):
    masterclass = create_type('masterclass')
    shown = Shown('7Q2MXRVT', ZOE.uuid, ZOE.full_name, 'Zoë', ZOE.email, 'Welding {event}', 'remotely', 450)
    text = text_of(drawn(masterclass, shown))
    assert 'Masterclass certificate' in text
    assert 'has taken part in the masterclass “Welding {event}” at' in text
    assert 'Hours: 7.5' in text
    assert 'was there remotely for 7.5 h' in text_of(drawn(masterclass, shown, text='was there {how} for {hours} h'))


def test_a_corrected_name_is_everywhere(app, attendee, reg):
    shown = Shown('7Q2MXRVT', ZOE.uuid, 'Zoë Maria Meyer', 'Zoë', ZOE.email, is_corrected=True)
    context = context_for(attendee, shown, reg)
    data = context['registration']['personal_data']
    assert (data['first_name'], data['last_name'], context['certificate']['name']) == ('Zoë', 'Maria Meyer',
                                                                                      'Zoë Maria Meyer')


def test_an_address_that_is_none(app, attendee, create_reg):
    """Indico has checked some addresses less strictly; all others get their certificates all the same."""
    reg = create_reg('Zoë', 'Müller Berg')
    assert ' ' in reg.email
    assert context_for(attendee, registration=reg)['registration']['personal_data']['email'] == reg.email
    nobody = Shown('7Q2MXRVT', ZOE.uuid, 'Zoë Müller', 'Zoë', 'none')
    assert context_for(attendee, nobody)['registration']['personal_data'] == {
        **context_for(attendee)['registration']['personal_data'], 'email': 'none'}


def test_pdf_a(app, attendee):
    pdf = drawn(attendee, pdf_a=True)
    assert b'pdfaid:part' in pdf or b'pdfaid' in PdfReader(BytesIO(pdf)).trailer['/Root']['/Metadata'].get_data()


@pytest.mark.parametrize(('html', 'reason', 'words'), [
    ('<p style="break-after: page">x</p>' * (MAX_PAGES + 1), 'too_large', f'makes {MAX_PAGES + 1} pages'),
    ('{{ 1 / 0 }}', 'template', ''),
    ('<img src="event://images/9">', 'template', 'Invalid event-local image'),
    ('{{ certificate.nothing.name }}', 'template', '')])
def test_what_cannot_be_drawn(app, attendee, html, reason, words):
    with in_event(attendee.event, lambda: 'en_GB'), pytest.raises(CannotMake) as refused:
        draw(Template('x', html, '', {}), build_context(ZOE, attendee, None, {}), attendee.event, title='x')
    assert refused.value.reason == reason
    assert words in refused.value.detail


def test_the_template_can_be_copied(app, db, dummy_event):
    template = default_template()
    template.event = dummy_event
    db.session.add(template)
    db.session.flush()
    assert [field['name'] for field in template.custom_fields][:2] == ['orientation', 'color']


def test_the_code_is_one_path():
    code = QRCode(border=0)
    code.add_data('https://indico.example.com/c/7Q2MXRVT')
    code.make()
    svg = qr_svg('https://indico.example.com/c/7Q2MXRVT')
    assert svg.count('<path') == 1
    assert f'viewBox="0 0 {len(code.modules) + 8} {len(code.modules) + 8}"' in svg
