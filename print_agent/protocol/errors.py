"""What can be wrong with what the other side says. Each error has a sentence (``str()``, ``detail``) and a code for
programs (``reason``), as the agent's own (:mod:`print_agent.errors`) have.

    ContractError
    ├── ProtocolError           what the peer sent cannot be used
    │   ├── MessageTooLarge     it is larger than allowed
    │   └── UnknownType         it is of a type that this version does not know
    ├── SignatureError          a message cannot be trusted
    ├── BadSecret               a secret cannot be used
    └── WrongAnswer             what somebody says of a calibration sheet cannot be
"""


class ContractError(Exception):
    """The root of all. ``detail`` is a sentence, ``reason`` a code for programs, empty where there is none."""

    def __init__(self, detail: str = '', reason: str = ''):
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


class ProtocolError(ContractError):
    """What the peer sent cannot be used. ``reason`` goes back to it as the code of an ``error`` message."""

    def __init__(self, detail: str, reason: str = 'bad_message'):
        super().__init__(detail, reason)


class MessageTooLarge(ProtocolError):
    """A frame is larger than ``MAX_MESSAGE``."""

    def __init__(self, detail: str):
        super().__init__(detail, 'too_large')


class UnknownType(ProtocolError):
    """A well-formed message of a type that this version does not know."""

    def __init__(self, detail: str):
        super().__init__(detail, 'unknown_type')


class SignatureError(ContractError):
    """A message cannot be trusted.

    ``reason`` is ``missing_header``, ``bad_timestamp``, ``stale`` (too old, or too far in the future) or
    ``bad_signature``; ``detail`` is a sentence that holds nothing secret and nothing that the sender wrote.
    """

    def __init__(self, reason: str, detail: str):
        super().__init__(detail, reason)


class BadSecret(ContractError, ValueError):
    """A secret is not ``whsec_`` plus the base64 of 24 to 64 bytes, or there is none. The text never quotes it."""


class WrongAnswer(ContractError, ValueError):
    """What somebody says of a calibration sheet cannot be. ``reason`` is the question, a field of ``Answers``."""

    def __init__(self, question: str, detail: str):
        super().__init__(detail, question)
