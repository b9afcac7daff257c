"""Tries the pictures of a template, and so has them ready for the first badge."""

from indico.modules.designer.models.images import DesignerImageFile

from indico_checkin_print.badge.pictures.convert import Fit, convert
from indico_checkin_print.badge.pictures.draw import background_of, box_of, fixed_picture_of, in_words
from indico_checkin_print.badge.pictures.limits import PictureFault, describe, read
from indico_checkin_print.errors import PictureRefused


def faults_of(template):
    """Return what is wrong with the pictures of a template and of its backside, as sentences."""
    return [words for side in (template, template.backside_template) if side is not None for words in _faults_of(side)]


def fault_of_file(file, template):
    """Return what is wrong with a picture that somebody has just uploaded for a template, as a sentence."""
    # where an item will be, and how large, is known when the template is saved
    return describe(_fault_of(background_of, template) if file == template.background_image else
                    _fault_of(_convert, file, box_of(template.data)))


def _faults_of(template):
    if template.background_image is not None and (fault := _fault_of(background_of, template)):
        yield in_words(None, fault)
    for item in template.data['items']:
        if item['type'] == 'fixed_image' and item.get('height') is not None:
            file = DesignerImageFile.get(item['image_id'])
            if fault := PictureFault.gone if file is None else _fault_of(fixed_picture_of, item, file):
                yield in_words(item, fault)


def _convert(file, box):
    with file.open() as fd:
        convert(read(fd), box, Fit.stretch)


def _fault_of(function, *args):
    try:
        function(*args)
    except PictureRefused as exc:
        return exc.reason
    return ''
