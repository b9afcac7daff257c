"""What can go wrong in the plugin. Each error has a sentence for people (``str()``, ``detail``), a code for programs
(``reason``), or both.

    CheckinPrintError
    ├── SettingError            a setting in indico.conf makes no sense
    ├── SecretUnreadable        a secret cannot be decrypted any more
    ├── CannotRender            a badge cannot be made until a person changes something
    ├── CannotMake              a certificate cannot be made until a person changes something
    ├── CannotSign              nothing can be signed until the administrator changes something
    ├── CannotExport            certificates cannot be written into a folder
    ├── CannotSend              e-mails with certificates cannot be sent until a person changes something
    ├── MailRefused             the mail server does not take an e-mail
    ├── ClaimLost               somebody else has taken what a process was busy with
    ├── MustHold                a badge waits until a person has looked at it
    ├── PictureRefused          a picture cannot be printed
    ├── DocumentGone            a badge has no document any more
    ├── NewsGone                nobody knows any more what news for a webhook were about
    ├── Replaced                an agent speaks through another link by now
    │   └── Revoked             its access was revoked
    ├── AgentSilent             an agent sends nothing any more, or takes nothing
    ├── APIError                a request of an agent or a receiver is answered with an error
    ├── RefusedURL              a webhook may not go there
    ├── NameServiceError        the name service gave no answer
    ├── TooManyPeople           more people have a name than can be searched for
    ├── DatabaseAway            the database did not answer, or not in time
    └── CannotListen            the address of the relay is taken, or none of this machine

What the peer says wrong is the contract's: :mod:`print_agent.protocol.errors`. What a manager enters wrong on a page is
Indico's ``UserValueError`` or WTForms' ``ValidationError``.
"""


class CheckinPrintError(Exception):
    """The root of all. ``detail`` is a sentence for people, ``reason`` a code for programs."""

    def __init__(self, detail='', reason=''):
        super().__init__(detail or reason)
        self.detail = detail
        self.reason = reason


class SettingError(CheckinPrintError):
    """A setting in ``indico.conf`` makes no sense; the text names it and says what it must be."""


class SecretUnreadable(CheckinPrintError):
    """A secret cannot be decrypted any more, because Indico's ``SECRET_KEY`` has changed."""

    def __init__(self):
        super().__init__('The secret cannot be read: SECRET_KEY has changed. Make a new secret.', 'no_secret')


class CannotRender(CheckinPrintError):
    """A badge cannot be made, and another try will not help until a person changes something.

    ``reason`` is a `reasons.codes.Reason`, and ``template`` the id of the template that is at fault, if it is known.
    """

    def __init__(self, reason, detail='', template=None):
        super().__init__(detail, reason)
        self.template = template


class CannotMake(CheckinPrintError):
    """A certificate cannot be made, and another try will not help until a person changes something.

    ``reason`` is a `certificates.reasons.CertificateReason`.
    """

    def __init__(self, reason, detail=''):
        super().__init__(str(detail), reason)


class CannotSign(CheckinPrintError):
    """Nothing can be signed until the administrator changes something; the text says what. No certificate is begun."""


class CannotExport(CheckinPrintError):
    """Certificates cannot be written into the folder that was named; the text says why."""


class CannotSend(CheckinPrintError):
    """E-mails with certificates cannot be sent until a person changes something; the text says what."""


class MailRefused(CheckinPrintError):
    """The mail server does not take an e-mail, and cannot have it. ``is_final``: another try would be in vain."""

    def __init__(self, code, answer):
        super().__init__(f'{code} {answer.decode(errors="replace")}')
        # RFC 5321, 4.2.1
        self.is_final = code >= 500


class ClaimLost(CheckinPrintError):
    """Somebody else has taken what a process was busy with, because its lease had ended."""


class MustHold(CheckinPrintError):
    """A badge would not show what it should: its person's name, or a character. Somebody corrects that, or releases it.

    ``reason`` is a `reasons.codes.Reason`.
    """

    def __init__(self, reason, detail=''):
        super().__init__(detail, reason)


class PictureRefused(CheckinPrintError):
    """A picture cannot be printed. ``reason`` is a `badge.pictures.limits.PictureFault`."""

    def __init__(self, reason):
        super().__init__(reason=reason)


class DocumentGone(CheckinPrintError):
    """A badge has no document any more."""

    def __init__(self):
        super().__init__('Its document was deleted.', 'document_gone')


class NewsGone(CheckinPrintError):
    """News for a webhook are sent again, and what they were about was deleted."""

    def __init__(self):
        super().__init__('What it was about was deleted.', 'news_gone')


class Replaced(CheckinPrintError):
    """An agent speaks through another link by now."""

    def __init__(self, detail='This agent connected from somewhere else.', reason='replaced'):
        super().__init__(detail, reason)


class Revoked(Replaced):
    """The access of an agent was revoked."""

    def __init__(self):
        super().__init__('The pairing of this agent was revoked. Pair it again.', 'revoked')


class AgentSilent(CheckinPrintError):
    """An agent sends nothing any more, or takes nothing."""


class APIError(CheckinPrintError):
    """A request of an agent or a receiver is answered with an error: its HTTP ``status``, a code, a sentence."""

    def __init__(self, status, reason, detail, *, retry_after=None):
        super().__init__(detail, reason)
        self.status = status
        #: Seconds to wait
        self.retry_after = retry_after


class RefusedURL(CheckinPrintError):
    """A webhook may not go there.

    ``reason`` is a key of `delivery.guard.SENTENCES`, ``detail`` its sentence, ``address`` the address that was
    refused, for the administrator's log only.
    """

    def __init__(self, reason, detail, address=None):
        super().__init__(detail, reason)
        self.address = address


class NameServiceError(CheckinPrintError):
    """The name service gave no answer (now); asking again later may help. Not a refusal."""


class TooManyPeople(CheckinPrintError):
    """More people have a name than can be searched for."""


class DatabaseAway(CheckinPrintError):
    """The database did not answer, or not in time."""


class CannotListen(CheckinPrintError):
    """The address of the relay is taken, or none of this machine."""
