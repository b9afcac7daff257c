"""Background work whose truth is in the ledger: rendering, posting, recovery, retention."""
