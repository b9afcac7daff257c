"""Background work whose truth is in the ledger: rendering, posting, retention, and the kick that starts it."""
