"""Template rules: who gets a badge of another template than the one of their form."""
