"""The contract of Indico and an agent: messages, signatures, reasons. Both sides import it; it imports neither."""
