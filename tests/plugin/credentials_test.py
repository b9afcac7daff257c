"""Secrets of webhooks are sealed in the database."""

import pytest

from indico_checkin_print.credentials import seal, unseal
from indico_checkin_print.errors import SecretUnreadable
from tests.plugin.conftest import SECRET


def test_secrets_are_sealed(app):
    assert SECRET not in seal(SECRET)
    assert unseal(seal(SECRET)) == SECRET
    with pytest.raises(SecretUnreadable, match='SECRET_KEY'):
        unseal('gAAAA')
