"""What a print agent says and is told, whatever carries it."""
