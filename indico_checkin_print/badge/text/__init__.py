"""Any text on a badge: from what somebody typed to glyphs on the page.

`literal` says what of a text is drawn, `pango` in which direction and where it may be broken, `runs` what is of one
script. `chain` finds a font for each run among the `fonts` of the machine, `shaping` makes glyphs of it and `lines`
puts them into lines. `embed` writes the fonts into the PDF (by `cff`), and `draw` puts all of it before Indico's
designer.
"""
