"""Batches: who is in one, the dialog that makes it, its page, and how far it is."""
