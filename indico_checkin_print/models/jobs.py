"""The jobs. Only ``ledger`` changes their state, and ``work/retention.py`` deletes what is old."""

from sqlalchemy.dialects.postgresql import JSONB, UUID

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA, batches, examined, prepared  # noqa: F401
from indico_checkin_print.models.choices import WebhookEvent
from indico_checkin_print.models.states import JobState


class Job(db.Model):
    """One badge to print, or one delivery to a webhook."""

    __tablename__ = 'jobs'

    #: The purpose of what goes to a desk
    PURPOSE_BADGE = 'badge'
    #: The purpose of a message to a webhook begins so; the webhook's id follows
    PURPOSE_CHECKIN = 'webhook:'
    #: The same for the message that a check-in was undone
    PURPOSE_UNDO = 'undone:'
    #: The same for what else a webhook asks for: the type, the webhook's id and what makes it unique follow
    PURPOSE_NEWS = 'news:'
    #: The purpose of a desk's test badge, which belongs to no registration
    PURPOSE_TEST = 'test'
    #: That of a sheet between the badges of a batch, which belongs to none either
    PURPOSE_SEPARATOR = 'separator'

    __table_args__ = (
        # a second scan, a bulk click and a retry all meet the same row; the desk is no part of it
        db.Index('ix_uq_jobs_checkin', 'registration_id', 'person', 'checked_in_dt', 'purpose', unique=True,
                 postgresql_where=db.text('reprint_of_id IS NULL')),
        # what is noticed twice in a transaction is announced once
        db.Index('ix_uq_jobs_news', 'purpose', unique=True,
                 postgresql_where=db.text("reprint_of_id IS NULL AND purpose LIKE 'news:%'")),
        # a program that repeats its request finds what the first one made
        db.Index('ix_uq_jobs_request', 'event_id', db.text("(facts ->> 'key')"), unique=True,
                 postgresql_where=db.text("(facts ->> 'key') IS NOT NULL")),
        db.Index('ix_jobs_event', 'event_id', 'id'),
        # the filters of the pages
        db.Index('ix_jobs_event_state', 'event_id', 'state', 'id'),
        db.Index('ix_jobs_desk', 'desk_id', 'id'),
        db.Index('ix_jobs_webhook', 'webhook_id', 'id', postgresql_where=db.text('webhook_id IS NOT NULL')),
        # every check-in asks what its registration had before; the unique one above leaves reprints out
        db.Index('ix_jobs_registration', 'registration_id'),
        # what the claims and the sweep look at stays small however many jobs have ended
        db.Index('ix_jobs_alive', 'state', 'next_try_dt',
                 postgresql_where=db.text(f'state IN ({JobState.held}, {JobState.queued}, {JobState.rendering}, '
                                          f'{JobState.ready}, {JobState.dispatched}, {JobState.printing})')),
        # what waits for a printer of a desk
        db.Index('ix_jobs_ready', 'desk_id', postgresql_where=db.text(f'state = {JobState.ready}')),
        # what a desk makes at the moment: the next one waits for it
        db.Index('ix_jobs_rendering', 'desk_id', postgresql_where=db.text(f'state = {JobState.rendering}')),
        # how far a batch is, and what comes next of it
        db.Index('ix_jobs_batch', 'batch_id', 'state', 'queue_dt', postgresql_where=db.text('batch_id IS NOT NULL')),
        db.Index('ix_jobs_reprint_of', 'reprint_of_id', postgresql_where=db.text('reprint_of_id IS NOT NULL')),
        db.Index('ix_jobs_document', 'document_id', postgresql_where=db.text('document_id IS NOT NULL')),
        db.Index('ix_jobs_held', 'event_id', postgresql_where=db.text(f'state = {JobState.held}')),
        # what nobody has dealt with yet, of all events
        db.Index('ix_jobs_needs_a_person', 'event_id', 'changed_dt',
                 postgresql_where=db.text(f'state IN ({JobState.failed}, {JobState.unknown})')),
        db.Index('ix_jobs_agent', 'agent_id',
                 postgresql_where=db.text(f'state IN ({JobState.ready}, {JobState.dispatched}, {JobState.printing}, '
                                          f'{JobState.unknown})')),
        db.CheckConstraint(f'state != {JobState.dispatched} OR dispatched_dt IS NOT NULL', 'dispatched_has_dt'),
        {'schema': SCHEMA}
    )

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    #: The name of the job outside of Indico; a webhook's ``webhook-id``
    uuid = db.Column(
        UUID,
        unique=True,
        nullable=False,
        server_default=db.text('gen_random_uuid()')
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        nullable=False
    )
    #: Not set for test badges, separator sheets and news of agents and printers, nor once the registration has been
    #: purged
    registration_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.registrations.id', ondelete='SET NULL'),
        nullable=True
    )
    #: The id of an accompanying person; empty for the registrant. Of a test badge the name that it will show, until it
    #: is drawn
    person = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: The check-in this job belongs to
    checked_in_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: 'badge', 'test', 'separator', 'webhook:<id>', 'undone:<id>' or
    #: 'news:<type>:<webhook's id>:<what makes it unique>'
    purpose = db.Column(
        db.String,
        nullable=False
    )
    #: Of news what happened, as it was then; of a badge that a program asked for, its ``key``, what was ``asked`` and
    #: how many ``copies``; of a badge that waited for the badge desk, ``since`` when somebody waits for it there; of a
    #: separator sheet its ``text``, until an hour after its end; of a calibration sheet the ``printer`` and the size of
    #: the ``sheet`` in mm; of one that somebody changed for this print, the ``template``, the ``printer`` and
    #: ``edits``: the changed texts by `badge.items.key_of`; of one that is drawn, the template it is ``drawn_with`` and
    #: why, and if it does not show all as it was written, its ``losses``, see `badge.losses`. All else are ids and
    #: codes, and no names of people
    facts = db.Column(
        JSONB,
        nullable=True
    )
    #: The job that this one repeats
    reprint_of_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.jobs.id', ondelete='SET NULL'),
        nullable=True
    )
    #: Who scanned, or who asked for it
    user_id = db.Column(
        db.Integer,
        db.ForeignKey('users.users.id', ondelete='SET NULL'),
        nullable=True
    )
    desk_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.desks.id'),
        nullable=True
    )
    #: The batch that it belongs to
    batch_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.batches.id', ondelete='SET NULL'),
        nullable=True
    )
    #: The receiver, for a job that goes to no desk
    webhook_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.webhooks.id'),
        nullable=True
    )
    state = db.Column(
        PyIntEnum(JobState),
        nullable=False
    )
    #: Why it is in this state: a code of ``reasons.py``
    reason = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: More about it, in the words of who knew: no names
    detail = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: When it last changed its state
    changed_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: After this it must not be printed any more
    expires_dt = db.Column(
        UTCDateTime,
        nullable=False
    )
    #: Its place in the queue of its desk
    queue_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: Not to be claimed before this
    next_try_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: The process that claimed it is taken for dead after this
    lease_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: How often it was claimed for the step it is in
    attempts = db.Column(
        db.Integer,
        nullable=False,
        default=0,
        server_default='0'
    )
    #: The agent that holds it
    agent_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.agents.id'),
        nullable=True
    )
    #: The printer of that agent
    printer = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: Printers of its desk that did not print it, in order: dicts with ``agent_id``, ``printer``, ``reason`` (a code)
    #: and ``gave_back`` (whether they had permission)
    skipped_printers = db.Column(
        'passed_over',
        JSONB,
        key='skipped_printers',
        nullable=False,
        default=[],
        server_default='[]'
    )
    #: How often it was given away; words about an earlier time are history
    dispatch = db.Column(
        db.Integer,
        nullable=False,
        default=0,
        server_default='0'
    )
    #: The fingerprint of what it was, or is being, drawn from (`badge.content`)
    drawn_from = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: What it prints; several jobs of one person may print the same
    document_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.documents.id', ondelete='SET NULL'),
        nullable=True
    )
    #: When permission to print was given
    dispatched_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    event = db.relationship('Event', lazy=True)
    registration = db.relationship('Registration', lazy=True)
    user = db.relationship('User', lazy=True)
    desk = db.relationship('Desk', lazy=True)
    batch = db.relationship('Batch', lazy=True)
    webhook = db.relationship('Webhook', lazy=True)
    agent = db.relationship('Agent', lazy=True)
    reprint_of = db.relationship('Job', lazy=True, remote_side=id)
    document = db.relationship('Document', lazy=True, viewonly=True)
    history = db.relationship('JobHistory', lazy=True, order_by='JobHistory.id', viewonly=True)

    @property
    def locator(self):
        return dict(self.event.locator, job_id=self.id)

    @property
    def news(self):
        """The `WebhookEvent` of news for a webhook; ``None`` of any other job."""
        return news_of(self.purpose)

    @property
    def is_about_person(self):
        """Whether it belongs to a registration, unless that has been purged."""
        return (self.purpose not in {self.PURPOSE_TEST, self.PURPOSE_SEPARATOR}
                and (self.news is None or self.news.is_about_person))

    @property
    def needs_document(self):
        """Whether it is, or comes with, a badge that must be drawn."""
        if self.webhook_id is None:
            return True
        return self.purpose.startswith(self.PURPOSE_CHECKIN) and self.webhook.send_badge

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', 'registration_id', 'purpose', 'state')


def news_of(purpose):
    """Return the `WebhookEvent` of a purpose that is news for a webhook, else ``None``."""
    return WebhookEvent(purpose.split(':')[1]) if purpose.startswith(Job.PURPOSE_NEWS) else None
