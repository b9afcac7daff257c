"""Badges on Indico's own pages: the participant list and the page of a registration."""
