"""Tests of the plugin inside Indico, on a private PostgreSQL and Redis."""
