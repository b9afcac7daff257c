"""The history of a badge says with which template it was drawn, and why with that one."""

import pytest

from indico_checkin_print.models.jobs import JobState


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.mark.parametrize(('level', 'rule', 'words'), [
    ('asked', None, 'Badge – chosen for this print'),
    ('rule', 3, 'Badge – by template rule 3'),
    ('form', None, 'Badge – of the form'),
    ('category', None, 'Badge – default of the category'),
    ('builtin', None, 'Simple badge – there is no template'),
])
def test_which_template_and_why(manager, page, create_job, reg, template, level, rule, words):
    known = {'level': level, 'template': None if level == 'builtin' else template.id, 'rule': rule}
    job = create_job(reg, JobState.ready, facts={'drawn_with': known})
    assert words in manager.get(f'{page}/jobs/{job.id}/history').json['html']


def test_a_template_that_was_deleted(manager, page, create_job, reg):
    job = create_job(reg, JobState.ready, facts={'drawn_with': {'level': 'form', 'template': 10**6, 'rule': None}})
    assert '(deleted) – of the form' in manager.get(f'{page}/jobs/{job.id}/history').json['html']


def test_one_that_was_never_drawn(manager, page, create_job, reg):
    assert 'Template:' not in manager.get(f'{page}/jobs/{create_job(reg).id}/history').json['html']
