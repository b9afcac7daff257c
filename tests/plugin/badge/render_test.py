"""The badge PDF: the right page, the right name, the same bytes every time, and clear words when it cannot be made."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask import has_request_context
from pypdf import PdfReader

from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import ledger
from indico_checkin_print.badge.render import render
from indico_checkin_print.badge.sample import sample_registration
from indico_checkin_print.errors import CannotRender
from indico_checkin_print.management.jobs.rows import detail_of
from indico_checkin_print.models.choices import BadgeKind, BadgeLanguage, MissingGlyphsPolicy, NamelessPolicy
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Document
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import HEIGHT, WIDTH, text_item


PERSON = 'a3a4e3d2-0a5d-4c43-9c5f-3e6b1f6a1a52'


def words(pdf):
    return [page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages]


def test_a_badge_has_the_size_of_its_template(form, reg):
    pdf = render(reg, form)
    assert (pdf.pages, pdf.width_mm, pdf.height_mm) == (1, pytest.approx(WIDTH * 10), pytest.approx(HEIGHT * 10))
    assert 'Zoë Müller' in words(pdf)[0]


def test_a_ticket_is_a4(form, reg, create_template, dummy_regform):
    form.kind, form.template = BadgeKind.ticket, None
    dummy_regform.ticket_template = create_template('Ticket')
    pdf = render(reg, form)
    assert (pdf.pages, pdf.width_mm, pdf.height_mm) == (1, pytest.approx(210, abs=.1), pytest.approx(297, abs=.1))
    assert 'Zoë Müller' in words(pdf)[0]


@pytest.mark.parametrize(('backside', 'pages'), [(True, 2), (False, 1)])
def test_backside(form, reg, create_template, backside, pages):
    form.template = create_template('Two sides', backside=create_template(
        'Back', items=[text_item('fixed', 50, text='Wifi: guest')]))
    form.backside = backside
    pdf = render(reg, form)
    assert pdf.pages == pages
    assert ('Wifi: guest' in words(pdf)[-1]) == backside


def test_the_backside_is_wanted_but_there_is_none(form, reg):
    form.backside = True
    assert render(reg, form).pages == 1


@pytest.mark.parametrize('kind', BadgeKind)
def test_the_bytes_are_always_the_same(form, reg, kind, create_template, dummy_regform):
    dummy_regform.ticket_template = create_template('Ticket')
    form.kind = kind
    assert render(reg, form).content == render(reg, form).content


def test_an_accompanying_person(form, reg, dummy_regform, mocker):
    mocker.patch.object(Registration, 'accompanying_persons', [{'id': PERSON, 'firstName': 'Ada', 'lastName': 'Lace'}])
    pdf = render(reg, form, PERSON)
    assert pdf.pages == 1
    assert 'Ada Lace' in words(pdf)[0]
    with pytest.raises(CannotRender):
        render(reg, form, 'left')


def test_it_can_be_retried_with_another_template(db, check_in, form, reg, create_template, dummy_user):
    form.template = create_template('Bad', items=[text_item('full_name', 10, font_size='huge')])
    job, = check_in(reg)
    render_waiting('test')
    form.template = create_template('New')
    db.session.flush()
    ledger.retry(job, dummy_user)
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready
    assert [h.state for h in job.history] == [JobState.queued, JobState.rendering, JobState.failed, JobState.queued,
                                              JobState.rendering, JobState.ready]


@pytest.mark.parametrize(('item', 'fault'), [
    (text_item('full_name', 10, font_size='huge'), 'The item "Full Name" of the template: its font size is no number.'),
    (text_item('full_name', 10, font_family='none'),
     'The item "Full Name" of the template: its font "none" does not exist. Choose another one.'),
    (text_item('full_name', 10, color='no colour'),
     'The item "Full Name" of the template: one of its colours does not exist.'),
    ({**text_item('ticket_qr_code', 10), 'height': None},
     'The item "Ticket QR Code" of the template: a picture needs a height. Give it one.'),
    (text_item('fixed_image', 10, height=50, image_id=12345),
     'The item "Fixed Image" of the template: the picture is missing or cannot be drawn. Upload it again.'),
])
def test_a_template_that_cannot_be_drawn(form, reg, create_template, item, fault):
    form.template = create_template('Broken', items=[text_item('full_name', 5), item])
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert (excinfo.value.reason, excinfo.value.detail) == (Reason.render_failed, fault)


def test_a_background_that_is_no_picture(db, form, reg):
    form.template.background_image = image = DesignerImageFile(
        template=form.template, filename='back.png', content_type='image/png')
    image.save(BytesIO(b'no picture'))
    db.session.flush()
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert excinfo.value.reason == Reason.picture_refused
    assert excinfo.value.detail == ('The background image of the template: it is no picture that can be printed. '
                                    'Upload it again, as PNG or JPEG.')


def test_a_template_that_draws_nothing(db, check_in, form, reg, create_template):
    form.template = create_template('Empty', items=[])
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason, job.attempts) == (JobState.failed, Reason.nothing_drawn, 1)


@pytest.fixture
def nameless(reg, form, create_template):
    form.template = create_template('With a title', items=[text_item('event_title', 5), text_item('full_name', 20)])
    reg.first_name, reg.last_name = ' ', '\u200b'


def test_a_badge_without_a_name_is_held(db, check_in, reg, nameless, dummy_user):
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.held, Reason.no_name)
    # who releases it has seen that, and it is not held for it again
    ledger.release([job], f'user:{dummy_user.id}')
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready


def test_a_nameless_badge_by_choice_of_the_event(db, check_in, reg, nameless):
    """A badge without a name prints where the event wants that."""
    db.session.add(EventSetup(event_id=reg.event_id, nameless=NamelessPolicy.print))
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready


@pytest.fixture
def unwritable(reg):
    """Somebody whose name no font has: a character for private use."""
    reg.first_name = 'Zo\ue000'


def test_a_character_without_a_font_holds_the_badge(db, check_in, reg, unwritable, dummy_user):
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason, job.detail) == (JobState.held, Reason.missing_glyphs, 'U+E000')
    # who releases it has seen that; what is on it is said as long as there is a job
    ledger.release([job], 'user:1')
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.facts['losses']) == (JobState.ready, [['missing_glyphs', 'full_name_b', 'U+E000']])


def test_more_is_missing_than_what_was_released(db, check_in, reg, unwritable):
    job, = check_in(reg)
    render_waiting('test')
    ledger.release([job], 'user:1')
    reg.last_name = '\ue001'
    db.session.flush()
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.detail) == (JobState.held, 'U+E000 U+E001')


def test_boxes_by_choice_of_the_event(db, check_in, reg, unwritable):
    db.session.add(EventSetup(event_id=reg.event_id, missing_glyphs=MissingGlyphsPolicy.print))
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.facts['losses']) == (JobState.ready, [['missing_glyphs', 'full_name_b', 'U+E000']])
    # corrected before it printed: nothing is missing any more
    reg.first_name = 'Zoë'
    db.session.flush()
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, 'losses' in job.facts) == (JobState.ready, False)


def test_a_text_that_is_cut_prints_and_is_known(db, check_in, reg):
    reg.first_name = 'x' * 5000
    job, = check_in(reg)
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready
    (kind, item, detail), = job.facts['losses']
    assert (kind, item) == ('cut', 'full_name_b')
    assert f'cut, {detail.partition("/")[0]} of 5007 characters are shown' in detail_of(job)


def test_the_smallest_letters_are_a_choice_of_the_event(db, check_in, create_reg):
    rules = EventSetup(event_id=create_reg('a', 'b').event_id, smallest_text=6)
    db.session.add(rules)
    shown = []
    for smallest in (6, 16):
        rules.smallest_text = smallest
        job, = check_in(create_reg('x' * (5000 + smallest), 'y'))
        render_waiting('test')
        db.session.refresh(job)
        shown.append(int(job.facts['losses'][0][2].partition('/')[0]))
    assert shown[0] > 2 * shown[1]


def test_neither_a_name_nor_a_font(db, check_in, reg, nameless, form, create_template):
    form.template = create_template('Both', items=[text_item('full_name', 20), text_item('fixed', 50, text='\ue000')])
    job, = check_in(reg)
    for reason in (Reason.no_name, Reason.missing_glyphs):
        render_waiting('test')
        db.session.refresh(job)
        assert (job.state, job.reason) == (JobState.held, reason)
        ledger.release([job], 'user:1')
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready


def test_dates_are_of_the_event_wherever_it_is_drawn(form, reg, create_event, create_regform, create_template):
    """Several badges in one context: Indico remembers a time zone in it."""
    form.template = create_template('Dates', items=[text_item('full_name', 5), text_item('event_dates', 20)])
    start = datetime(2026, 5, 3, 22, 0, tzinfo=UTC)
    for zone, said in (('Asia/Tokyo', '4 May 2026, 07:00'), ('America/Lima', '3 May 2026, 17:00')):
        reg.event.timezone, reg.event.start_dt, reg.event.end_dt = zone, start, start + timedelta(hours=1)
        assert said in words(render(reg, form))[0]


@pytest.mark.parametrize('kind', BadgeKind)
def test_the_language_that_an_event_enforces(form, reg, dummy_regform, create_template, kind):
    template = create_template('Prix', items=[text_item('full_name', 5), text_item('event_dates', 20),
                                              text_item('price', 35)])
    form.kind, form.template, dummy_regform.ticket_template = kind, template, template
    reg.event.default_locale, reg.event.enforce_locale, reg.event.supported_locales = 'fr_FR', True, ['fr_FR']
    reg.event.start_dt = datetime(2026, 8, 3, 22, 0, tzinfo=UTC)
    reg.event.end_dt = reg.event.start_dt + timedelta(hours=1)
    reg.base_price, reg.currency = 12, 'EUR'
    text = words(render(reg, form))[0]
    assert 'août 2026' in text
    assert '12,00' in text


@pytest.mark.parametrize(('language', 'said'), [(BadgeLanguage.event, '3 Aug 2026'),
                                                (BadgeLanguage.registrant, '3 août 2026')])
def test_the_language_of_the_registrant(form, reg, create_user, create_template, language, said):
    form.template = create_template('Dates', items=[text_item('full_name', 5), text_item('event_dates', 20)])
    reg.user = create_user(4711)
    reg.user.settings.set('lang', 'fr_FR')
    reg.event.default_locale = 'en_GB'
    reg.event.start_dt = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
    reg.event.end_dt = reg.event.start_dt + timedelta(hours=1)
    assert said in words(render(reg, form, language=language))[0]


def test_drawing_keeps_the_transaction(db, form, reg):
    reg.first_name = 'Uncommitted'
    session = db.session()
    render(reg, form)
    assert db.session() is session
    assert reg in session
    assert not has_request_context()


def test_a_page_no_printer_takes(form, reg, create_template):
    template = create_template('Poster')
    template.data = {**template.data, 'width': 5000, 'height': 5000}
    form.template = template
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert excinfo.value.reason == Reason.document_too_large


def test_stored_with_its_measures(ready_job):
    doc = ready_job.document
    assert doc.length == len(doc.content)
    assert (doc.pages, doc.kind) == (1, BadgeKind.badge)
    assert doc.content.startswith(b'%PDF-')


def test_not_rendered_when_the_check_in_is_gone(db, check_in, reg):
    """`Registration.reset_state` undoes a check-in without the signal."""
    job, = check_in(reg)
    reg.reset_state()
    db.session.flush()
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.canceled, Reason.check_in_undone)
    assert Document.query.count() == 0


def test_a_test_badge(db, desk, form, dummy_user):
    job = ledger.request_test(desk, dummy_user)
    registrations = Registration.query.count()
    render_waiting('test')
    db.session.refresh(job)
    assert job.state == JobState.ready, job.detail
    assert job.document.width_mm == pytest.approx(WIDTH * 10)
    assert 'Test Badge' in PdfReader(BytesIO(job.document.content)).pages[0].extract_text()
    assert Registration.query.count() == registrations


def test_a_test_badge_without_any_form(db, desk, form, dummy_user):
    form.enabled = False
    job = ledger.request_test(desk, dummy_user)
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.failed, Reason.no_sample)


def test_the_sample_leaves_nothing_behind(db, dummy_regform):
    with sample_registration(dummy_regform) as sample:
        assert sample.id
    assert Registration.query.count() == 0
    assert Job.query.count() == 0
