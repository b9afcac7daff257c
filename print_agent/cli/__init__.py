"""The commands of ``print-agent``."""
