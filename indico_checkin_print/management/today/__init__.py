"""What the desks of an event do now: their figures, the live board, pauses, calls of the tech."""
