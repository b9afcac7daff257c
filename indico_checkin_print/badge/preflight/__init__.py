"""What is wrong with the badges of an event, known before the doors open.

`findings` has all kinds with their words. `drawn` finds what only the drawing of a badge shows, `codes` reads its code
as a printer will print it, and `templates` looks at templates themselves. `groups` makes of what was found on two
thousand badges what a person reads.
"""
