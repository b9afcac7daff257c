"""The print agent: takes badges from Indico, prints them and tells the truth about what came out."""
