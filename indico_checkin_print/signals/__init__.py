"""What Indico signals: check-ins, corrections, deletions, clones."""
