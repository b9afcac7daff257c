"""What the dialogs about chosen registrations refuse to read; `action_test`, `pages_test` and `sheets_test` do more."""

import pytest


@pytest.mark.parametrize('action', ['print', 'batch', 'sheets'])
@pytest.mark.parametrize(('ids', 'words'), [
    (['x'], 'not the number'), (['-1'], 'not the number'), (['9' * 30], 'not the number'), (['١'], 'not the number'),
    (['1', ''], 'not the number'), (list(range(1, 5002)), 'at once, please')])
def test_bad_ids(event, reg, manager, action, ids, words):
    response = manager.post(f'/event/{event.id}/manage/checkin-print/forms/{reg.registration_form_id}/{action}',
                            registration_id=ids)
    assert response.status_code == 400
    assert words in response.json['error']['message']
