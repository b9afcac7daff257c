"""Webhooks: set up, watched, tried, and sent what they missed."""
