"""The file that survives a crash: jobs, documents, pairings."""
