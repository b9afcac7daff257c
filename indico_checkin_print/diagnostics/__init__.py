"""``indico checkin-print doctor``: what is wrong and what to do about it."""
