"""The badge PDF: the right page, the right name, the same bytes every time, and clear words when it cannot be made."""

from io import BytesIO

import pytest
from conftest import HEIGHT, WIDTH, text_item
from pypdf import PdfReader

from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import ledger
from indico_checkin_print.badge.render import CannotRender, render
from indico_checkin_print.badge.sample import sample_registration
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Document
from indico_checkin_print.models.rules import BadgeKind
from indico_checkin_print.reasons import Reason
from indico_checkin_print.work import render_waiting


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


def test_a_template_that_was_deleted(db, check_in, form, reg):
    job, = check_in(reg)
    db.session.delete(form.template)
    db.session.flush()
    db.session.expire_all()
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.failed, Reason.template_missing)


def test_it_can_be_retried_with_another_template(db, check_in, form, reg, create_template, dummy_user):
    form.template = None
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


@pytest.mark.parametrize('item', [text_item('full_name', 10, font_size='huge'),
                                  text_item('full_name', 10, font_family='none'),
                                  {**text_item('ticket_qr_code', 10), 'height': None}])
def test_a_template_that_cannot_be_drawn(form, reg, create_template, item):
    form.template = create_template('Broken', items=[item])
    with pytest.raises(CannotRender) as excinfo:
        render(reg, form)
    assert excinfo.value.reason == Reason.render_failed
    assert reg.full_name not in excinfo.value.detail


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
