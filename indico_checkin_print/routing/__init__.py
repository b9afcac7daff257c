"""Who prints, where, and whether."""
