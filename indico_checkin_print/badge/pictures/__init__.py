"""Any picture on a badge: from what somebody uploaded to what prints well, made once.

`limits` says what is refused and in which words, `convert` makes a `Picture` of a file, and `cache` keeps it between
badges, processes and restarts. `embed` writes it into a PDF, `draw` puts all of it before Indico's designer, and
`check` tries the pictures of a template while somebody works on it.
"""
