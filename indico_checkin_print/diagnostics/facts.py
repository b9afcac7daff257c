"""Collects what `checks.py` judges: asks the database, the broker, the workers, the relays. Changes nothing."""

import os
import platform
import time
from contextlib import closing
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import requests
from alembic.script import ScriptDirectory
from reportlab.pdfbase.ttfonts import TTFError
from sqlalchemy.exc import SQLAlchemyError

from indico.core.celery import celery
from indico.core.config import config
from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.util.date_time import now_utc

from indico_checkin_print import heartbeat, settings
from indico_checkin_print.badge.render import drawing_choices, render
from indico_checkin_print.badge.sample import sample_registration
from indico_checkin_print.badge.template_choice import choices_of, template_rules
from indico_checkin_print.badge.text.draw import scripts_without_font
from indico_checkin_print.badge.text.folders import wheel
from indico_checkin_print.badge.text.packages import cure_for
from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.diagnostics import checks
from indico_checkin_print.diagnostics.findings import OK, Answer, LastBeat, Pile
from indico_checkin_print.diagnostics.labels import wrong_labels
from indico_checkin_print.errors import CannotRender, CannotSign, MustHold, SettingError
from indico_checkin_print.ledger.conditions import behind_another, due, for_receiver, for_webhooks
from indico_checkin_print.ledger.prepared import storage_by_event
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.missed import MissedCheckin
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import describe
from indico_checkin_print.sql import now


#: How long anything may take to answer
TIMEOUT = 4  # seconds
#: How long Celery's workers may take to answer
PING_TIMEOUT = 2  # seconds


def examine():
    """Make all checks. Yields each `Finding` as soon as it is known."""
    database = _database()
    yield database
    yield checks.check_networks(config.PLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS)
    wrong_setting = next(filter(None, map(_error_of, (settings.keep_jobs, settings.prepared_bytes,
                                                      settings.prepared_bytes_per_event))), '')
    yield checks.check_settings(wrong_setting)
    yield checks.check_fonts(_missing_fonts())
    broker = checks.check_broker(_broker_error())
    yield broker
    worker = checks.check_worker(_workers() if broker.level == OK else (),
                                 broker_answers=broker.level == OK)
    yield worker
    if database.level != OK:
        # the rest is in its tables
        return
    yield checks.check_clock(_clock_offset())
    beats = _last_beats()
    yield checks.check_beat(beats.get(heartbeat.CELERY), worker_answers=worker.level == OK)
    relays = {name.removeprefix(heartbeat.RELAY): beat for name, beat in beats.items()
              if name.startswith(heartbeat.RELAY)}
    alive = [beat for beat in relays.values() if beat.age < checks.MAX_RELAY_AGE]
    yield checks.check_relay(relays, {place: _get(f'http://{beat.detail}/healthz') for place, beat in relays.items()
                                      if beat in alive and _is_here(place)})
    url = settings.relay_url()
    yield checks.check_relay_url(url, config.BASE_URL, _get(str(url).replace('ws', 'http', 1)), wanted=bool(alive))
    yield checks.check_templates(*_templates())
    yield checks.check_labels(*_labels())
    missing = _missing_scripts()
    yield checks.check_scripts(missing, cure_for({script for scripts in missing.values() for script in scripts},
                                                 _system(), is_root=os.geteuid() == 0, has_wheel=wheel() is not None))
    yield checks.check_webhooks(*_webhooks())
    yield checks.check_signing(*_signing())
    yield checks.check_jobs(*_jobs())
    posting = [beat for name, beat in beats.items()
               if name.startswith(heartbeat.POSTS) and beat.age < checks.MAX_RELAY_AGE]
    yield checks.check_posts(len(alive), len(posting), _unsent())
    yield checks.check_missed(_pile(MissedCheckin.query.filter(MissedCheckin.attempts > 0),
                                    MissedCheckin.checked_in_dt))
    if not wrong_setting:
        yield checks.check_prepared(*_prepared())
    yield checks.check_purge(beats.get(heartbeat.PURGE))


def _signing():
    wanted = CertificateType.query.filter(CertificateType.enabled, CertificateType.signed).count()
    try:
        signature = load_signature()
    except CannotSign as exc:
        return wanted, exc.detail, '', None
    return wanted, '', signature.subject, (signature.ends - now_utc()).days


def _error_of(function):
    try:
        function()
    except SettingError as exc:
        return exc.detail
    return ''


def _database():
    migrations = str(Path(__file__).parents[1] / 'migrations')
    scripts = ScriptDirectory(migrations, version_locations=[migrations])
    table = 'public.alembic_version_plugin_checkin_print'
    try:
        version = db.session.execute('SHOW server_version').scalar().partition(' ')[0]
        exists = db.session.execute(db.text('SELECT to_regclass(:table)'), {'table': table}).scalar()
        revision = db.session.execute(f'SELECT version_num FROM {table}').scalar() if exists else None  # noqa: S608
    except SQLAlchemyError as exc:
        return checks.check_database('', type(exc).__name__, None, None)
    return checks.check_database(version, '', revision, scripts.get_current_head())


def _clock_offset():
    before = time.time()
    there = float(db.session.execute('SELECT extract(epoch FROM clock_timestamp())').scalar())
    return (before + time.time()) / 2 - there


def _missing_fonts():
    from indico.legacy.pdfinterface.base import init_reportlab_fonts
    try:
        init_reportlab_fonts()
    except (TTFError, OSError, ModuleNotFoundError) as exc:
        return [str(exc)]
    return []


def _broker_error():
    try:
        with closing(celery.connection_for_write(connect_timeout=TIMEOUT)) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=TIMEOUT)
    except Exception as exc:  # whatever the broker's client raises
        return type(exc).__name__
    return ''


def _workers():
    return [name for answer in celery.control.ping(timeout=PING_TIMEOUT) for name in answer]


def _last_beats():
    rows = db.session.query(Heartbeat.name, db.func.extract('epoch', now() - Heartbeat.dt), Heartbeat.detail)
    return {name: LastBeat(float(age), detail) for name, age, detail in rows}


def _is_here(place):
    return place.rpartition(':')[0] == heartbeat.machine()


def _get(url):
    try:
        response = requests.get(url, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as exc:
        return Answer(error=type(exc).__name__)
    try:
        data = response.json()
    except ValueError:
        data = {}
    return Answer(response.status_code, data if isinstance(data, dict) else {})


def _events():
    # those that are not over; some people come the day after
    return db.and_(~Event.is_deleted, Event.end_dt > now(-86400))


def _templates():
    setups = (FormSetup.query
              .join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
              .join(Event, Event.id == RegistrationForm.event_id)
              .filter(FormSetup.enabled, ~RegistrationForm.is_deleted, _events())
              .order_by(RegistrationForm.event_id, RegistrationForm.id).all())
    problems = [(setup.registration_form.event_id, setup.registration_form_id, words)
                for setup in setups if (words := _problem(setup))]
    return len(setups), problems


def _labels():
    """Return how many printers of desks say what they have loaded, and (event, `WrongLabels`) of those at fault."""
    desks = (Desk.query.join(Event, Event.id == Desk.event_id).filter(~Desk.is_deleted, _events())
             .order_by(Desk.event_id, Desk.id).all())
    known, wrong = 0, []
    for event_id, of_event in groupby(desks, attrgetter('event_id')):
        of_event = list(of_event)
        setups = (FormSetup.query.join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
                  .filter(FormSetup.enabled, RegistrationForm.event_id == event_id, ~RegistrationForm.is_deleted)
                  .order_by(RegistrationForm.id).all())
        known += sum(any(each['name'] == x.printer and each.get('loaded') for each in x.agent.printers)
                     for desk in of_event for x in desk.printers)
        wrong += [(event_id, found) for found in wrong_labels(of_event, setups, template_rules(event_id))]
    return known, wrong


def _problem(setup):
    """Return what keeps a badge of a form from being made, with its own template or one of a rule; else ``''``."""
    try:
        with sample_registration(setup.registration_form) as registration:
            choices = drawing_choices(EventSetup.query.get(registration.event_id))
            render(registration, setup, **choices)
            if setup.kind == BadgeKind.badge:
                for choice in choices_of(setup, template_rules(registration.event_id))[1:]:
                    render(registration, setup, template=choice.template, **choices)
    except (CannotRender, MustHold) as exc:
        return f'{describe(exc.reason)} {exc.detail}'.strip()
    except Exception as exc:  # one form must not end the examination
        return f'{type(exc).__name__}.'
    return ''


# what is beyond ASCII in names and in what people have typed into the forms that print
_CHARACTERS = """
    WITH texts AS (
        SELECT r.event_id, r.id, r.first_name || r.last_name AS text
        FROM event_registration.registrations r
        JOIN plugin_checkin_print.forms f ON f.registration_form_id = r.registration_form_id AND f.enabled
        WHERE NOT r.is_deleted AND r.event_id = ANY(:events))
    SELECT event_id, string_agg(DISTINCT character, '') FROM (
        SELECT event_id, text FROM texts
        UNION ALL
        SELECT t.event_id, d.data::text FROM texts t
        JOIN event_registration.registration_data d ON d.registration_id = t.id
    ) all_texts, regexp_split_to_table(regexp_replace(text, '[\x01-\x7f]', '', 'g'), '') character
    GROUP BY event_id ORDER BY event_id"""


def _missing_scripts():
    events = [event_id for event_id, in db.session.query(Event.id).filter(_events())]
    rows = db.session.execute(db.text(_CHARACTERS), {'events': events})
    return {event_id: missing for event_id, characters in rows if (missing := scripts_without_font(characters))}


def _system():
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ''
    return f'{release.get("ID", "")} {release.get("ID_LIKE", "")}'


def _webhooks():
    rows = (db.session.query(Webhook.event_id, Webhook.id, Webhook.enabled,
                             db.func.extract('epoch', now() - Webhook.opened_dt))
            .join(Event, Event.id == Webhook.event_id)
            .filter(~Webhook.is_deleted, _events())
            .order_by(Webhook.event_id, Webhook.id).all())
    return (len(rows), [(event, id_) for event, id_, enabled, __ in rows if not enabled],
            [(event, id_, float(age)) for event, id_, enabled, age in rows if enabled and age is not None])


def _jobs():
    due = now(-checks.MAX_OVERDUE)
    leased = Job.query.filter(Job.state.in_([JobState.rendering, JobState.dispatched]), Job.lease_dt < due)
    expired = Job.query.filter(Job.state.in_([JobState.queued, JobState.ready, JobState.held]), Job.expires_dt < due)
    overdue = [_pile(leased, Job.lease_dt), _pile(expired, Job.expires_dt)]
    return (_pile(Job.query.filter(Job.state == JobState.queued, Job.next_try_dt < due, Job.expires_dt > now()),
                  Job.next_try_dt),
            Pile(sum(pile.count for pile in overdue), max(pile.oldest for pile in overdue)),
            _pile(Job.query.outerjoin(Desk, Desk.id == Job.desk_id)
                  .filter(Job.state == JobState.ready, Job.expires_dt > now()), Job.changed_dt))


def _prepared():
    by_event = storage_by_event()
    limit = settings.prepared_bytes_per_event()
    return (sum(by_event.values()), settings.prepared_bytes(),
            [event_id for event_id, size in by_event.items() if size >= limit])


def _unsent():
    unsent = for_receiver(Job.query).filter(due(JobState.ready, checks.MAX_OVERDUE), for_webhooks(), ~behind_another())
    return _pile(unsent, Job.next_try_dt)


def _pile(query, since):
    count, oldest = query.with_entities(db.func.count(), db.func.extract('epoch', now() - db.func.min(since))).one()
    return Pile(count, float(oldest or 0))
