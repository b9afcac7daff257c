"""What Indico signals: check-ins, deletions, clones."""
