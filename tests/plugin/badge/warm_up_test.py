"""What a process loads when it starts."""

from celery.signals import worker_process_init

from indico_checkin_print import tasks
from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.warm_up import warm_up


def test_workers_load_fonts_before_their_first_badge():
    assert tasks.warm_up is warm_up
    fonts._families.cache_clear()
    worker_process_init.send(None)
    assert fonts._families.cache_info().currsize == 1
