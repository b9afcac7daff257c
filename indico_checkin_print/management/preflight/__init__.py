"""The tab *Preflight*: what is wrong with the badges of the event, before the doors open."""
