"""What Indico tells us: check-ins, deletions, clones."""
