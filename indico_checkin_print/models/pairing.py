"""What is paired by a one-time code and then has a token: print agents and kiosks. Both are stored as hashes only."""

from datetime import timedelta

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.date_time import now_utc

from indico_checkin_print.credentials import digest, new_code, normalize_code


#: How long a pairing code can be used
CODE_LIFETIME = timedelta(minutes=15)


class Paired:
    """Mixin for a model with an ``event``: from the pairing code to the revocation."""

    #: What was not heard of for so long is away
    AWAY_AFTER = timedelta(seconds=60)

    #: SHA-256 of the one-time pairing code; cleared when it is used
    code_hash = db.Column(
        db.String,
        unique=True,
        nullable=True
    )
    code_expires_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: SHA-256 of the token; the token itself is known to the other side only
    token_hash = db.Column(
        db.String,
        unique=True,
        nullable=True
    )
    paired_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    revoked_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When it was last heard of
    seen_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    @property
    def is_paired(self):
        return self.token_hash is not None and self.revoked_dt is None

    @property
    def waits_for_code(self):
        """Whether there is a code that can still be used."""
        return self.code_hash is not None and self.code_expires_dt > now_utc()

    @property
    def is_heard_of(self):
        """Whether it said something lately."""
        return self.seen_dt is not None and now_utc() - self.seen_dt < self.AWAY_AFTER

    @classmethod
    def find_by_code(cls, code):
        """Return what a pairing code as somebody typed it is good for, locked, or ``None``."""
        # by its digest, so that the time of the comparison says nothing about a code
        found = cls.query.filter_by(code_hash=digest(normalize_code(code))).with_for_update().first()
        return found if found is not None and found.waits_for_code and not found.event.is_deleted else None

    def make_code(self):
        """Return a new pairing code, which replaces the one before. This is the only time that it can be read."""
        code = new_code()
        self.code_hash = digest(normalize_code(code))
        self.code_expires_dt = now_utc() + CODE_LIFETIME
        return code

    def pair(self, token):
        """Take a token as the only one from now on."""
        self.token_hash = digest(token)
        self.code_hash = self.code_expires_dt = self.revoked_dt = None
        self.paired_dt = now_utc()

    def revoke(self):
        """Make its token and its code worth nothing."""
        self.revoked_dt = now_utc()
        self.token_hash = self.code_hash = self.code_expires_dt = None
