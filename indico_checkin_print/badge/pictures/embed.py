"""Writes a `Picture` into a PDF of ReportLab's, as it is.

ReportLab itself would decode and pack it anew for each badge, and write it as text.
"""

from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream


def place(canvas, picture, left, bottom):
    """Draw a picture.

    :param left: Of its lower left corner, in points, as `bottom` is.
    """
    name = _embedded(canvas, picture)
    canvas.saveState()
    canvas._code.append(f'{picture.drawn_width:.3f} 0 0 {picture.drawn_height:.3f} {left:.3f} {bottom:.3f} cm '
                        f'/{name} Do')
    canvas.restoreState()


def _embedded(canvas, picture):
    """Add a picture to the document of a canvas unless it is there. Return its name on the page."""
    document = canvas._doc
    name = document.getXObjectName(picture.digest)
    if name not in document.idToObject:
        entries = _entries(picture, picture.space, picture.bits, picture.encoding)
        if picture.mask is not None:
            mask = PDFStream(PDFDictionary(_entries(picture, 'DeviceGray', 8, 'FlateDecode')), picture.mask)
            entries['SMask'] = document.Reference(mask, document.getXObjectName(f'{picture.digest}.mask'))
        document.addForm(picture.digest, PDFStream(PDFDictionary(entries), picture.data))
    # a page lists what it shows
    canvas._formsinuse.append(picture.digest)
    return name


def _entries(picture, space, bits, encoding):
    """Return the entries of an image dictionary (ISO 32000-1, 8.9.5)."""
    entries = {'Type': PDFName('XObject'), 'Subtype': PDFName('Image'), 'Width': picture.width,
               'Height': picture.height, 'ColorSpace': PDFName(space), 'BitsPerComponent': bits,
               'Filter': PDFName(encoding)}
    if encoding == 'FlateDecode':
        # any of PNG's predictors, which each row names
        entries['DecodeParms'] = PDFDictionary({'Predictor': 15, 'Colors': 1 if space == 'DeviceGray' else 3,
                                                'BitsPerComponent': bits, 'Columns': picture.width})
    return entries
