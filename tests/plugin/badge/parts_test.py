"""Several documents of one person as one: what rules add to a badge, and copies."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.badge.content import fingerprint_of
from indico_checkin_print.badge.losses import losses_of
from indico_checkin_print.badge.preflight.drawn import draw
from indico_checkin_print.badge.preflight.findings import FindingKind
from indico_checkin_print.badge.preview import Dots, shown_pages, small_pages
from indico_checkin_print.badge.render import render
from indico_checkin_print.management.jobs.history import drawn_with
from indico_checkin_print.messages.envelope import job_message
from indico_checkin_print.models.choices import Fold
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.rules import FormIs, HasTag
from indico_checkin_print.routing.template_rules import TemplateRule
from indico_checkin_print.work.prepare import prepare_registration
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import fresh, text_item


@pytest.fixture
def tag(db, dummy_event, reg):
    tag = RegistrationTag(event=dummy_event, title='Dinner', color='red')
    reg.tags.add(tag)
    db.session.flush()
    return tag


@pytest.fixture
def ticket(create_template):
    return create_template('Dinner ticket', items=[text_item('fixed', 10, text='Dinner'), text_item('last_name', 90)])


@pytest.fixture
def anybody(dummy_regform):
    return FormIs((dummy_regform.id,)),


def texts(pdf):
    return [page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages]


def test_what_rules_add_follows_the_badge(store, form, reg, tag, ticket, create_template, anybody):
    gold = create_template('Gold', items=[text_item('fixed', 10, text='Gold'), text_item('full_name_b', 90)])
    store(TemplateRule(1, ticket.id, (HasTag((tag.id,)),), adds=True, copies=2),
          TemplateRule(2, gold.id, anybody, copies=2),
          # another one had decided before it, and nobody has this tag
          TemplateRule(3, ticket.id, (HasTag((tag.id + 1,)),), adds=True))
    pdf = render(reg, form)
    assert [('Gold' in text, 'Dinner' in text) for text in texts(pdf)] == [(True, False)] * 2 + [(False, True)] * 2
    assert (pdf.pages, pdf.two_sided, pdf.losses) == (4, False, ())
    assert pdf.drawn_with == {'level': 'rule', 'template': gold.id, 'rule': 2, 'copies': 2, 'added': [[ticket.id, 2]]}
    assert render(reg, form).content == pdf.content
    # what somebody chose prints alone, and so does a badge on a sheet
    assert [len(texts(render(reg, form, **one))) for one in ({'template': ticket}, {'alone': True})] == [1, 1]


def test_backs_stay_behind_their_fronts(store, form, reg, ticket, create_template, anybody):
    back = create_template('Back', items=[text_item('fixed', 10, text='Back')])
    form.template.backside_template, form.backside = back, True
    store(TemplateRule(1, ticket.id, anybody, adds=True, copies=2))
    pdf = render(reg, form)
    assert ['Dinner' in text for text in texts(pdf)] == [False, False, True, False, True, False]
    assert ('Back' in texts(pdf)[1], texts(pdf)[3]) == (True, '')
    assert pdf.two_sided
    form.fold = Fold.side
    assert not render(reg, form).two_sided


def test_another_size_is_left_out_and_said(db, store, reg, ticket, anybody, check_in):
    ticket.data = {**ticket.data, 'height': 300}
    store(TemplateRule(1, ticket.id, anybody, adds=True))
    job, = check_in(reg)
    render_waiting('test')
    job = fresh(db, job)
    assert (job.state, job.document.pages) == (JobState.ready, 1)
    assert list(map(str, losses_of(job))) == [
        'Dinner ticket: left out, its pages measure 96 × 60 mm and those of the badge 96 × 134 mm.']


def test_what_is_found_belongs_to_its_template(store, form, reg, ticket, anybody):
    code = next(item for item in form.template.data['items'] if item['type'] == 'ticket_qr_code')
    items = [text_item('fixed', 200, text='\ue000'), {**code, 'width': 30, 'height': 30}]
    ticket.data = {**ticket.data, 'items': items}
    store(*(TemplateRule(number, ticket.id, anybody, adds=True) for number in (1, 2)))
    found = draw(reg, '', {}, Dots()).findings
    assert [(each.kind, each.template) for each in found] == [(FindingKind.missing_glyphs, ticket.id),
                                                              (FindingKind.code, ticket.id)]


def test_what_cannot_be_drawn_belongs_to_its_template(store, reg, ticket, anybody):
    ticket.data = {**ticket.data, 'items': [text_item('fixed', 10, text='Dinner', font_family='Comic Sans')]}
    store(TemplateRule(1, ticket.id, anybody, adds=True))
    found, = draw(reg, '', {}, Dots()).findings
    assert (found.kind, found.template) == (FindingKind.not_drawn, ticket.id)


def test_copies_are_shown_once(store, form, reg, ticket, create_template, anybody):
    form.template.backside_template, form.backside = create_template('Back', items=[text_item('fixed', 10)]), True
    store(TemplateRule(1, ticket.id, anybody, adds=True, copies=3))
    content = render(reg, form).content
    for shown in (shown_pages(content, Dots()), small_pages(content)):
        # front, back, the ticket and its empty back
        assert [page.times for page in shown] == ['', '', '× 3', '× 3']


def test_they_are_one_job(db, store, reg, tag, ticket, check_in):
    store(TemplateRule(1, ticket.id, (HasTag((tag.id,)),), adds=True, copies=3))
    job, = check_in(reg)
    render_waiting('test')
    job = fresh(db, job)
    message = job_message(job, go=True, printer='p1')
    assert (message.pages, message.copies, message.two_sided) == (4, 1, False)
    assert drawn_with(job).endswith('; 3 copies of Dinner ticket')
    assert Job.query.filter_by(registration_id=reg.id).count() == 1


def test_made_before_check_in(db, store, reg, tag, ticket, check_in):
    store(TemplateRule(1, ticket.id, (HasTag((tag.id,)),), adds=True))
    before = db.session.query(fingerprint_of(reg.id)).scalar()
    prepare_registration(reg.id, Dots())
    # a change of what is added draws all anew
    ticket.data = {**ticket.data, 'items': [text_item('fixed', 10, text='Lunch')]}
    db.session.flush()
    assert db.session.query(fingerprint_of(reg.id)).scalar() != before
    job, = check_in(reg)
    render_waiting('test')
    job = fresh(db, job)
    assert ['Lunch' in page.extract_text() for page in PdfReader(BytesIO(job.document.content)).pages] == [False, True]


def test_too_many_pages_are_a_reason(db, store, reg, ticket, anybody, check_in):
    store(*(TemplateRule(n, ticket.id, anybody, adds=True, copies=9) for n in (1, 2, 3)))
    job, = check_in(reg)
    render_waiting('test')
    assert fresh(db, job).reason == Reason.document_too_large
