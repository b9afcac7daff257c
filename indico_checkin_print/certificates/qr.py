"""The code on a certificate, as vectors. Pure."""

from markupsafe import Markup

from indico_checkin_print.badge.qr import symbol


#: White around a symbol, in modules (ISO/IEC 18004)
QUIET_ZONE = 4


def qr_svg(payload):
    """Return an SVG of the symbol for a payload, one path for all dark modules, with its quiet zone."""
    modules = symbol(payload)
    size = len(modules) + 2 * QUIET_ZONE
    # one step for each run of dark modules in a row
    path = ''.join(f'M{start + QUIET_ZONE},{y + QUIET_ZONE}h{end - start}v1h-{end - start}z'
                   for y, row in enumerate(modules) for start, end in _runs(row))
    return Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" class="qr">'
                  '<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/>'
                  '</svg>').format(size=size, path=path)


def _runs(row):
    """Yield the start and the end of each run of dark modules."""
    start = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x
            start = None
