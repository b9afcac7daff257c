"""Pages for everybody: whether a certificate is genuine, and its PDF."""
