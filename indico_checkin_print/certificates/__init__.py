"""Certificates of attendance: who gets which, their PDFs and signatures, and the e-mails that they go out with."""
