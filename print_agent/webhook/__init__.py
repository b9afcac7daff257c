"""The endpoint for signed webhooks, and the outcomes that are reported back."""
