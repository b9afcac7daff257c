"""Kiosks: pages for self-service, which a token opens that can do nothing else."""
