"""Whose ticket is blocked: what another plugin does wrong neither fails a request nor ends its transaction."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from indico.core import signals

from indico_checkin_print.badge.blocked import is_blocked


@pytest.mark.parametrize(('answer', 'expected'), [(True, True), (None, False), (KeyError, False),
                                                  (SQLAlchemyError, False)])
def test_is_blocked(db, reg, caplog, answer, expected):
    def _answer(registration):
        if answer is KeyError:
            raise KeyError(registration.last_name)
        if answer is SQLAlchemyError:
            db.session.execute('SELECT 1 / 0')
        return answer

    reg.first_name = 'Ada'
    assert not is_blocked(reg)
    with signals.event.is_ticket_blocked.connected_to(_answer):
        assert is_blocked(reg) == expected
    db.session.flush()
    db.session.refresh(reg)
    assert reg.first_name == 'Ada'
    assert ('cannot be known' in caplog.text) == isinstance(answer, type)
    assert reg.last_name not in caplog.text
