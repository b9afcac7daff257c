"""Who prints, where, and whether. Pure: no session, no query, no clock; callers load the facts and ask."""
