"""The editor of the rules about desks: what they ask, in fields and in words, and whom they send where."""
