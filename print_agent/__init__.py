"""The print agent: takes badges from Indico, prints them and reports what really came out."""
