"""What the first badge of a process would wait for, loaded when the process starts."""

from indico_checkin_print.badge.drawing_version import drawing_version
from indico_checkin_print.badge.text import draw


def warm_up(**kwargs):
    """Load fonts, and take the fingerprint of what draws here.

    :param kwargs: What Celery's signal says.
    """
    draw.warm_up()
    drawing_version()
