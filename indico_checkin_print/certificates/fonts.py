"""The fonts of certificates: those of the machine, and those of the font wheel and of Indico, as badges have them.

Pango chooses by script among all that fontconfig knows. Indico's own Chinese, Japanese and Korean fonts are in a Python
package, where fontconfig does not look.
"""

import threading

from weasyprint.text.ffi import ffi, fontconfig, pangoft2
from weasyprint.text.fonts import FontConfiguration

from indico_checkin_print.badge.text.folders import places


_local = threading.local()


class _Fonts(FontConfiguration):
    def __init__(self):
        super().__init__()
        wheel, indico, __ = places()
        for path in (*wheel, *indico):
            # WeasyPrint has no way to add a font without a name of its own, by which each template would have to ask
            fontconfig.FcConfigAppFontAddFile(self._config, path.encode())
        pangoft2.pango_fc_font_map_config_changed(ffi.cast('PangoFcFontMap *', self.font_map))


def fonts():
    """Return the `FontConfiguration` of this thread: to make one takes a while."""
    if not hasattr(_local, 'fonts'):
        _local.fonts = _Fonts()
    return _local.fonts
