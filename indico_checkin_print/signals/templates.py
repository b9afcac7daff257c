"""Somebody draws a badge in Indico's designer: its pictures are tried at once, and its page says what is wrong.

Indico has no signal for templates, but one for each page. A picture that cannot be printed is refused when it is
uploaded, as Indico refuses files of other kinds; of one that was there before, it is said when the template is saved.
"""

from flask import get_flashed_messages, jsonify

from indico.core import signals
from indico.core.db import db
from indico.modules.designer import TemplateType
from indico.modules.designer.models.images import DesignerImageFile
from indico.web.util import jsonify_data

from indico_checkin_print import _
from indico_checkin_print.badge.pictures.check import fault_of_file, faults_of
from indico_checkin_print.logs import log_failure, logger


def connect(plugin):
    """Begin to listen to Indico's designer, as soon as its pages can be loaded."""
    plugin.connect(signals.core.app_created, lambda app, **kwargs: _connect(plugin))


def _connect(plugin):
    from indico.modules.designer.controllers import RHEditDesignerTemplate, RHUploadBackgroundImage
    plugin.connect(signals.rh.process, _uploaded, sender=RHUploadBackgroundImage)
    plugin.connect(signals.rh.process, _saved, sender=RHEditDesignerTemplate)


def _uploaded(sender, rh, result, **kwargs):
    """Refuse a picture that was uploaded; nothing of it is kept."""
    image_id = result.get_json().get('image_id')
    if rh.template.type != TemplateType.badge or image_id is None:
        return None
    image = DesignerImageFile.get(image_id)
    fault = _tried(fault_of_file, image, rh.template)
    if not fault:
        return None
    storage, file_id = image.storage, image.storage_file_id
    db.session.rollback()
    storage.delete(file_id)
    return jsonify(error=str(_('This picture cannot be printed on badges: {}').format(fault)))


def _saved(sender, rh, result, **kwargs):
    """Say which pictures of a template that was saved cannot be printed."""
    if rh.template.type != TemplateType.badge or isinstance(result, str):
        # the page, and not the answer to its button
        return None
    faults = _tried(faults_of, rh.template)
    if not faults:
        return None
    # the answer has its messages already: they are written once more, with ours
    messages = get_flashed_messages(with_categories=True)
    messages += [('warning', _('Badges of this template cannot be printed. {}').format(fault)) for fault in faults]
    return jsonify_data(**{key: value for key, value in result.get_json().items() if key != 'flashed_messages'})


def _tried(function, *args):
    try:
        return function(*args)
    except Exception as exc:
        # whatever it is, Indico's designer must not fail for it: a badge that cannot be drawn says so then
        log_failure(logger, exc, 'The pictures of a template could not be tried')
        return None
