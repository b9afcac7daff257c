"""Getting a badge, or the news of a check-in, to a webhook: where it may go, how it is sent, when it is tried again."""
