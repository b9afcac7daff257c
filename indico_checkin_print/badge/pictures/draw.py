"""Draws the pictures of a badge: to be put before a class of Indico's, which draws all else.

Indico's own way reads each picture anew for each badge, and prints what is transparent, in a palette or in CMYK in
other colours than screens show. Places and proportions are Indico's.
"""

import hashlib
from io import BytesIO
from types import SimpleNamespace

from reportlab.lib.units import cm

from indico.core.storage import StorageError
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.designer.pdf import PIXELS_CM
from indico.modules.designer.util import is_regform_field_placeholder

from indico_checkin_print import _
from indico_checkin_print.badge.items import key_of as item_key
from indico_checkin_print.badge.items import title_of
from indico_checkin_print.badge.losses import LossKind
from indico_checkin_print.badge.pictures.cache import key_of, pictures
from indico_checkin_print.badge.pictures.convert import Fit, convert
from indico_checkin_print.badge.pictures.embed import place
from indico_checkin_print.badge.pictures.limits import PictureFault, describe, read
from indico_checkin_print.errors import CannotRender, PictureRefused
from indico_checkin_print.reasons.codes import Reason


#: What has a way of its own, and is made of whole dots
_CODES = {'ticket_qr_code'}


class Bare:
    """Draws no background: to be put before a class of Indico's."""

    def _draw_badge(self, canvas, person, template, tpl_data, pos_x, pos_y):
        # of the template, Indico's method wants to know its background only, and would read its file
        super()._draw_badge(canvas, person, SimpleNamespace(background_image=None), tpl_data, pos_x, pos_y)


class Pictured(Bare):
    """Draws pictures as they print well: to be put before a class of Indico's."""

    def _draw_badge(self, canvas, person, template, tpl_data, pos_x, pos_y):
        if template.background_image:
            self._draw_background_of(canvas, template, tpl_data, pos_x, pos_y)
        super()._draw_badge(canvas, person, template, tpl_data, pos_x, pos_y)

    def _draw_background_of(self, canvas, template, tpl_data, pos_x, pos_y):
        box = tpl_data.width_cm * cm, tpl_data.height_cm * cm
        try:
            picture = background_of(template)
        except PictureRefused as exc:
            raise CannotRender(Reason.picture_refused, in_words(None, exc.reason)) from exc
        _place(canvas, picture, pos_x, self.height - pos_y - box[1], box)

    def _draw_item(self, canvas, item, tpl_data, content, margin_x, margin_y):
        if not isinstance(content, BytesIO) or item['type'] in _CODES or item.get('height') is None:
            super()._draw_item(canvas, item, tpl_data, content, margin_x, margin_y)
            return
        box = box_of(item)
        try:
            picture = _picture_of(item, content.getvalue())
        except PictureRefused as exc:
            if not is_personal(item):
                raise CannotRender(Reason.picture_refused, in_words(item, exc.reason)) from exc
            self._lose(LossKind.picture, item, exc.reason)
            return
        left, top = (float(item[side]) / PIXELS_CM * cm for side in ('x', 'y'))
        _place(canvas, picture, margin_x + left, self.height - margin_y - top - box[1], box)


def background_of(template):
    """Return the `Picture` of a template's background.

    :raises PictureRefused: if it cannot be printed.
    """
    file, box = template.background_image, box_of(template.data)
    fit = Fit.stretch if template.data['background_position'] == 'stretch' else Fit.natural
    return pictures.get(_key_of_file(file, box, fit),
                        lambda: convert(_read_stored(file), box, fit, on_white=True))


def fixed_picture_of(item, file):
    """Return the `Picture` of an item that shows one of the template.

    :param file: The `DesignerImageFile`.
    :raises PictureRefused: if it cannot be printed.
    """
    box, fit = box_of(item), _fit_of(item)
    return pictures.get(_key_of_file(file, box, fit), lambda: convert(_read_stored(file), box, fit))


def _picture_of(item, content):
    """Return the `Picture` of an item that shows one.

    :param content: The bytes of its file.
    :raises PictureRefused: if it cannot be printed.
    """
    box, fit = box_of(item), _fit_of(item)

    def _convert():
        return convert(read(BytesIO(content)), box, fit)

    if item['type'] == 'fixed_image':
        file = DesignerImageFile.get(item['image_id'])
        # another plugin may have put another picture in its place
        if file.size == len(content):
            return pictures.get(_key_of_file(file, box, fit), _convert)
    if item['type'] == 'event_logo':
        return pictures.get(key_of(hashlib.sha256(content).digest(), box, fit), _convert)
    return _convert()


def _key_of_file(file, box, fit):
    # a file of Indico's is never changed, so it need not be read to know whether its picture is there
    return key_of(file.storage_backend, file.storage_file_id, file.md5, file.size, box, fit)


def _fit_of(item):
    return Fit.inside if item.get('preserve_aspect_ratio', True) else Fit.stretch


def box_of(item):
    """Return the width and the height of an item, or of a template by its data, in points."""
    return tuple(float(item[side]) / PIXELS_CM * cm for side in ('width', 'height'))


def is_personal(item):
    """Return whether a picture is one of the registration, and not one of the template or the event."""
    return item['type'] == 'picture' or is_regform_field_placeholder(item)


def in_words(item, fault):
    """Say what is wrong with which picture.

    :param item: ``None`` for the background.
    """
    if item is None:
        return _('The background image of the template: {}').format(describe(fault))
    return _('The item {item} of the template: {fault}').format(item=f'"{title_of(item_key(item))}"',
                                                                 fault=describe(fault))


def _read_stored(file):
    try:
        with file.open() as fd:
            return read(fd)
    except StorageError as exc:
        raise PictureRefused(PictureFault.gone) from exc


def _place(canvas, picture, left, bottom, box):
    place(canvas, picture, left + (box[0] - picture.drawn_width) / 2, bottom + (box[1] - picture.drawn_height) / 2)
