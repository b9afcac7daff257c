"""The context in which a badge or a certificate is drawn: no user's session, the event's time zone, one language.

Indico's placeholders format dates by the session of a web request and translate by the locale of the context. A worker
has neither, and what Indico remembers in ``flask.g`` (`get_display_tz` among it) would otherwise hold for every badge
that the worker draws after the first.
"""

from contextlib import contextmanager

from flask import current_app, session

from indico.core.config import config
from indico.core.db import db
from indico.util.i18n import force_locale

from indico_checkin_print.models.choices import BadgeLanguage


@contextmanager
def drawing(registration, language):
    """Provide the context for a registration's badge, see `in_event`.

    :param language: The event's `BadgeLanguage`.
    """
    with in_event(registration.event, lambda: _locale(registration, language)):
        yield


@contextmanager
def in_event(event, locale):
    """Provide an app context and a request context of their own, in the database session of the caller.

    :param locale: Returns the locale, e.g. ``fr_FR``. Called in there, where Indico reads an event's settings once.
    """
    shared = db.session()
    try:
        with current_app.app_context():
            db.session.registry.set(shared)
            try:
                with current_app.test_request_context(base_url=config.BASE_URL):
                    session.timezone = event.timezone
                    with force_locale(locale()):
                        yield
            finally:
                # the end of an app context ends the database session that it finds
                db.session.registry.clear()
    finally:
        db.session.registry.set(shared)


def _locale(registration, language):
    """Return the locale of a registration's badge, e.g. ``fr_FR``.

    :param language: The event's `BadgeLanguage`. A language that the event enforces has the last word, as in e-mails.
    """
    event, user = registration.event, registration.user
    if language == BadgeLanguage.registrant and user is not None:
        locale = event.get_forced_event_locale(user) or user.settings.get('lang')
        if locale:
            return locale
    return event.get_forced_event_locale(always=True)
