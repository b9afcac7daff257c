"""The jobs of an event: found, shown in words, exported, and what a manager does about one or many."""
