"""Who draws a badge in Indico's designer reads on its page which pictures cannot be printed."""

from io import BytesIO

import pytest

from indico.modules.designer import TemplateType
from indico.modules.designer.models.images import DesignerImageFile
from indico.testing.fixtures.storage import MemoryStorage

from indico_checkin_print.signals import templates
from tests.fakes import pictures


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def designer(browse, create_user, event):
    """A `Browser` of somebody who manages the whole event."""
    user = create_user(102, 'Dora', 'Designer')
    event.update_principal(user, full_access=True)
    return browse(user)


@pytest.fixture
def url(event, template):
    return f'/event/{event.id}/manage/designer/{template.id}/'


@pytest.fixture
def upload(designer, url):
    """Return a function that uploads a picture and returns the answer."""
    def _upload(content, query='?background=1'):
        return designer.post(f'{url}images{query}', file=(BytesIO(content), 'x.png')).json
    return _upload


@pytest.fixture
def save(designer, url, template):
    """Return a function that saves the template as it is and returns the messages."""
    def _save():
        answer = designer.client.post(url, headers={'X-CSRF-Token': designer.token}, json={
            'template': template.data, 'title': template.title, 'is_clonable': True, 'clear_background': False,
            'backside_template_id': None})
        assert answer.json['success']
        return answer.json['flashed_messages']
    return _save


# its header is whole: Indico takes it
CUT_OFF = pictures.hostile()['cut-off-png'][1]


@pytest.mark.parametrize('query', ['?background=1', ''])
def test_a_picture_that_cannot_be_printed_is_refused(db, upload, query, mocker):
    # a rollback would take along what the test has made
    rollback = mocker.patch.object(db.session, 'rollback')
    answer = upload(CUT_OFF, query)
    assert answer == {'error': 'This picture cannot be printed on badges: the file is cut off, its end is missing. '
                               'Upload it again.'}
    rollback.assert_called()
    image, = DesignerImageFile.query
    assert image.storage_file_id not in MemoryStorage.files


def test_a_picture_that_can_be_printed(upload, template):
    answer = upload(pictures.in_colour()['cmyk-jpeg'])
    assert answer['success']
    assert 'The image has been uploaded' in answer['flashed_messages']
    assert template.background_image.id == answer['image_id']


def test_posters_are_not_ours(db, upload, template):
    template.type = TemplateType.poster
    db.session.flush()
    assert upload(CUT_OFF)['success']


def test_what_was_there_before_is_said_when_it_is_saved(db, save, template):
    assert 'cannot be printed' not in save()
    template.background_image = image = DesignerImageFile(template=template, filename='x', content_type='image/png')
    image.save(BytesIO(CUT_OFF))
    db.session.flush()
    messages = save()
    assert messages.count('Template successfully saved.') == 1
    assert messages.count('Badges of this template cannot be printed. The background image of the template: the file '
                          'is cut off') == 1


def test_the_page_itself(designer, url):
    assert designer.get(url, xhr=False).status_code == 200


def test_the_designer_never_fails_for_it(upload, save, mocker):
    for name in ('fault_of_file', 'faults_of'):
        mocker.patch.object(templates, name, side_effect=RuntimeError)
    assert upload(CUT_OFF)['success']
    assert save()
