"""Every outcome in words."""
