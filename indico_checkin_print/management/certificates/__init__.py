"""The tab *Certificates*: types of certificates of attendance, who gets one, and what became of each."""
