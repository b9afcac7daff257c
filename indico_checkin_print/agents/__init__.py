"""What a print agent says and what it is sent, by whatever connection."""
