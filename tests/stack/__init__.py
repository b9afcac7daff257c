"""A whole private installation on real parts: PostgreSQL, Redis, Indico, Celery, relay, CUPS, IPP printers, agents.

Everything runs on free ports in a temporary folder, as root or not, without systemd, and is gone afterwards. The demo,
the scenarios, the benchmark and the system tests stand on it. ``docs/development.md`` describes it; one file, one
service. Nothing here imports Indico except ``seed.py``, and what the agent's tests use (``process``, ``dbus``,
``cups``, ``printer``, ``papers``) needs the standard library only.
"""
