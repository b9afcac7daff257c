"""Badges that are examined: which, when anew, and what is said of them."""

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from indico.core import signals
from indico.modules.events.registration.models.registrations import RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print.badge.preflight.findings import FindingKind
from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.cli import cli
from indico_checkin_print.diagnostics.preflight import report_on
from indico_checkin_print.ledger import examined, prepared
from indico_checkin_print.models.examined import Examined
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Document
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.work import preflight, prepare
from indico_checkin_print.work.retention import purge_documents


@pytest.fixture
def rules(db, form, dummy_event):
    """The rules of the event, whose preflight somebody asked for."""
    dummy_event.start_dt, dummy_event.end_dt = now_utc() + timedelta(hours=1), now_utc() + timedelta(days=1)
    db.session.flush()
    examined.ask(dummy_event.id)
    return EventSetup.query.one()


@pytest.fixture
def examine(rules):
    def _examine():
        assert not preflight.examine(seconds=30)
        return report_on(rules.event_id)
    return _examine


@pytest.fixture
def later(db, rules):
    """Return a function that lets ten minutes pass."""
    def _later():
        db.session.flush()
        db.session.expire_all()
        for row, column in ((rules, 'preflight_dt'), (rules, 'preflight_asked_dt'),
                            *((each, 'checked_dt') for each in Examined.query)):
            setattr(row, column, getattr(row, column) - timedelta(minutes=10))
        db.session.flush()
    return _later


def kinds(report):
    return [(group.kind, group.whose and group.whose[0]) for group in report.groups]


def test_what_is_found(examine, create_reg, template):
    fine, boxes, nameless, long = (create_reg('Ada', 'Lovelace'), create_reg('\ue000'), create_reg('', ''),
                                   create_reg('W' * 3000))
    outside = {**template.data['items'][0], 'type': 'affiliation', 'x': 1000}
    template.data = {**template.data, 'items': [*template.data['items'], outside]}
    report = examine()
    assert set(kinds(report)) == {(FindingKind.outside, None), (FindingKind.missing_glyphs, boxes.id),
                                  (FindingKind.nameless, nameless.id), (FindingKind.cut, long.id)}
    assert (report.progress.people, report.progress.examined, report.is_complete, report.has_errors) == (
        4, 4, True, True)
    assert report.progress.ms_per_badge > 0
    assert not Document.query.has_rows()
    assert not Prepared.query.has_rows()
    assert fine.id not in {id_ for __, id_ in kinds(report)}


def test_what_has_not_changed_is_not_drawn(examine, later, create_reg, mocker, db):
    boxes = create_reg('\ue000')
    create_reg('Ada', 'Lovelace')
    examine()
    draw = mocker.spy(prepare, 'draw')
    later()
    assert len(examined.wanted()) == 1
    assert kinds(examine()) == [(FindingKind.missing_glyphs, boxes.id)]
    assert not draw.called
    # as soon as that, it is not time
    assert not examined.wanted()
    boxes.first_name = 'Bob'
    later()
    assert kinds(examine()) == []
    assert [call.args[0].id for call in draw.call_args_list] == [boxes.id]


def test_a_coarser_printer_draws_all_anew(examine, later, reg, agent, mocker):
    agent.printers = [{**agent.printers[0], 'model': 'Zebra ZD421-300dpi'}]
    examine()
    draw = mocker.spy(prepare, 'draw')
    agent.printers = [{**agent.printers[0], 'model': 'Zebra ZD421-203dpi'}]
    later()
    examine()
    assert [call.args[-1] for call in draw.call_args_list] == [Dots(203)]


def test_what_is_drawn_ahead_is_examined(rules, create_reg, mocker):
    boxes = create_reg('\ue000')
    prepared.ask(rules.event_id)
    assert not prepare.prepare('test', seconds=30)
    draw = mocker.spy(prepare, 'draw')
    assert not preflight.examine(seconds=30)
    assert not draw.called
    assert kinds(report_on(rules.event_id)) == [(FindingKind.missing_glyphs, boxes.id)]


def test_a_blocked_ticket(examine, later, reg, mocker, db):
    """It is asked anew, although nothing on the badge has changed."""
    assert kinds(examine()) == []
    draw = mocker.spy(prepare, 'draw')
    blocked = [(FindingKind.blocked, reg.id)]
    for answers, expected in (([True], blocked), ([ValueError], []), ([True], blocked), ([SQLAlchemyError], []),
                              ([], [])):
        def _is_blocked(registration, answers=answers, **kwargs):
            if answers == [ValueError]:
                raise ValueError('a fault of another plugin')
            if answers == [SQLAlchemyError]:
                db.session.execute('SELECT 1 / 0')
            return any(answers)
        later()
        with signals.event.is_ticket_blocked.connected_to(_is_blocked):
            assert kinds(examine()) == expected
    assert not draw.called


def test_what_others_have_in_common_is_read_once(examine, create_reg, count_queries):
    """However many people there are, each costs few statements of its own."""
    create_reg('Ada', 'Lovelace')
    with count_queries() as alone:
        examine()
    for number in range(10):
        create_reg(f'Ada{number}', 'Lovelace')
    with count_queries() as ten:
        examine()
    assert ten() - alone() <= 10 * 3


def test_one_that_cannot_be_stored_holds_up_no_other(examine, create_reg, mocker):
    good, bad = create_reg('Ada', 'Lovelace'), create_reg('\ue000', 'Lovelace')
    store = examined.store_examined

    def _store(seen, drawn_by):
        if any(each.registration_id == bad.id and each.drawn_from for each in seen):
            raise ValueError(bad.id)
        store(seen, drawn_by)

    mocker.patch.object(examined, 'store_examined', side_effect=_store)
    report = examine()
    assert kinds(report) == [(FindingKind.not_drawn, None)]
    assert report.groups[0].examples == ((bad.id, ''),)
    assert Examined.query.filter_by(registration_id=good.id).one().findings is None


def test_it_is_looked_through_once_more(examine, later, rules, create_reg):
    create_reg('Ada', 'Lovelace')
    assert examine().progress.looked_through is None
    later()
    progress = report_on(rules.event_id).progress
    assert (progress.examined, progress.looked_through) == (1, 0)
    assert examine().progress.looked_through is None


def test_who_gets_no_badge_is_not_reported(examine, db, create_reg, form):
    withdrawn, boxes = create_reg('\ue000', 'One'), create_reg('\ue000', 'Two')
    assert len(kinds(examine())) == 2
    withdrawn.state = RegistrationState.withdrawn
    db.session.flush()
    report = report_on(boxes.event_id)
    assert kinds(report) == [(FindingKind.missing_glyphs, boxes.id)]
    assert (report.progress.people, report.progress.examined, report.progress.badges) == (1, 1, 1)
    form.enabled = False
    db.session.flush()
    assert not report_on(boxes.event_id).has_errors


def test_a_new_run_counts_anew(examine, later, rules, create_reg):
    boxes = create_reg('\ue000')
    examine()
    later()
    examined.ask(rules.event_id)
    report = report_on(rules.event_id)
    assert (report.progress.examined, report.is_complete) == (0, False)
    assert kinds(report) == [(FindingKind.missing_glyphs, boxes.id)]
    assert examine().is_complete


def test_nobody_waits_for_it(rules, later, reg, create_reg, check_in, mocker):
    preflight.examine(seconds=30)
    check_in(reg)
    create_reg('Ada', 'Lovelace')
    later()
    draw = mocker.spy(prepare, 'draw')
    assert not preflight.examine(seconds=30)
    assert not draw.called
    # somebody asks, and in a slice without time there is more to do
    examined.ask(rules.event_id)
    assert preflight.examine(seconds=0)
    meanwhile = mocker.Mock()
    assert not preflight.examine(seconds=30, meanwhile=meanwhile)
    assert meanwhile.called


def test_it_ends_with_the_event(examine, later, reg, dummy_event, db):
    examine()
    reg.state = RegistrationState.withdrawn
    db.session.flush()
    purge_documents()
    assert not Examined.query.has_rows()
    dummy_event.start_dt, dummy_event.end_dt = now_utc() - timedelta(hours=1), now_utc() - timedelta(minutes=1)
    later()
    assert not examined.wanted()


def test_the_command(rules, later, create_reg, app, app_context):
    boxes, runner = create_reg('\ue000'), app.test_cli_runner()
    result = runner.invoke(cli, ['preflight', str(rules.event_id), '--json'])
    assert result.exit_code == 1, result.output
    said = json.loads(result.output.splitlines()[-1])
    finding, = said.pop('findings')
    assert (said['ok'], said['people'], said['examined']) == (False, 1, 1)
    assert (finding['kind'], finding['registration'], finding['error']) == ('missing_glyphs', boxes.id, True)
    assert boxes.last_name not in result.output
    boxes.first_name = 'Ada'
    later()
    result = runner.invoke(cli, ['preflight', str(rules.event_id)])
    assert (result.exit_code, '1 of 1 registrations' in result.output) == (0, True), result.output
    assert 'There is no event' in runner.invoke(cli, ['preflight', '99999']).output
