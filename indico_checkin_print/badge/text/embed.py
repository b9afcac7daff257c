"""The fonts of one PDF: each with the glyphs that the document shows, and what they stand for.

A cluster (a letter with its accents, a ligature) becomes one glyph that stands for all of its characters, so text that
is copied from the PDF, or searched in it, is as it was written. What is written from right to left has one glyph for
each character instead: programs turn such text around glyph by glyph.
"""

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString, PDFZCompress

from indico_checkin_print.badge.text import cff


#: Entries of one block of a character map (Adobe Technical Note 5014)
_BLOCK = 100
_MAP_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""
_MAP_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


class Embedded:
    """One font in one document, with a code for each of its glyphs; ReportLab asks it for its objects at the end."""

    def __init__(self, font, document, name):
        self._font = font
        self._codes = {}
        self.name = name
        document.fontMapping[name] = f'/{name}'
        document.delayedFonts.append(self)

    def codes(self, cluster):
        """Return what is written for a `Cluster`: of each glyph its code and how wide it is."""
        glyphs = () if self._font.has_pictures else cluster.glyphs
        if not cluster.backwards or len(cluster.text) < 2:
            return [self._code(glyphs, self._width(cluster), cluster.text)]
        # the last character stands first
        share, rest = divmod(cluster.advance, len(cluster.text))
        return [self._code(glyphs if i == 0 else (), share + (rest if i == 0 else 0), char)
                for i, char in enumerate(reversed(cluster.text))]

    def _width(self, cluster):
        # letters keep their own width, so that those before a narrower gap are no glyphs of their own
        return self._font.advance(cluster.glyphs[0][0]) if len(cluster.glyphs) == 1 else cluster.advance

    def _code(self, glyphs, width, text):
        return self._codes.setdefault((glyphs, width, text), len(self._codes) + 1), width

    def addObjects(self, document):
        """Add the font to a document of ReportLab."""
        font_name = f'{_tag(self.name)}+{self.name}'
        program = cff.write(font_name, [self._font.charstring(glyphs, width) for glyphs, width, __ in self._codes])
        descriptor = PDFDictionary({
            'Type': PDFName('FontDescriptor'), 'FontName': PDFName(font_name), 'Flags': 4,
            'FontBBox': PDFArray([-cff.UNITS, -cff.UNITS, 2 * cff.UNITS, 2 * cff.UNITS]), 'ItalicAngle': 0,
            'Ascent': self._font.ascent, 'Descent': self._font.descent, 'CapHeight': self._font.ascent, 'StemV': 80,
            'FontFile3': document.Reference(_stream(program, Subtype=PDFName('CIDFontType0C')), f'{self.name}.program'),
        })
        descendant = PDFDictionary({
            'Type': PDFName('Font'), 'Subtype': PDFName('CIDFontType0'), 'BaseFont': PDFName(font_name),
            'CIDSystemInfo': PDFDictionary({'Registry': PDFString('Adobe'), 'Ordering': PDFString('Identity'),
                                            'Supplement': 0}),
            'FontDescriptor': document.Reference(descriptor, f'{self.name}.descriptor'),
            'DW': 0, 'W': PDFArray([1, PDFArray([width for __, width, __ in self._codes])]),
        })
        font = PDFDictionary({
            'Type': PDFName('Font'), 'Subtype': PDFName('Type0'), 'BaseFont': PDFName(font_name),
            'Encoding': PDFName('Identity-H'),
            'DescendantFonts': PDFArray([document.Reference(descendant, f'{self.name}.descendant')]),
            'ToUnicode': document.Reference(_stream(self._map()), f'{self.name}.map'),
        })
        document.idToObject['BasicFonts'].dict[self.name] = document.Reference(font, self.name)

    def _map(self):
        entries = [f'<{code:04X}> <{text.encode("utf-16-be").hex()}>' for (__, __, text), code in self._codes.items()]
        blocks = (entries[i:i + _BLOCK] for i in range(0, len(entries), _BLOCK))
        lines = (line for block in blocks for line in (f'{len(block)} beginbfchar', *block, 'endbfchar'))
        return _MAP_HEAD + '\n'.join((*lines, _MAP_TAIL))


class Fonts:
    """The fonts of one document."""

    def __init__(self, document):
        self._document = document
        self._embedded = {}

    def __getitem__(self, font):
        if font not in self._embedded:
            name = f'Badge{len(self._embedded) + 1}'
            self._embedded[font] = Embedded(font, self._document, name)
        return self._embedded[font]


def _tag(name):
    """Return the six letters that say that a font is not whole (ISO 32000-1, 9.6.4)."""
    return f'BADGE{chr(ord("A") + sum(name.encode()) % 26)}'


def _stream(content, **dictionary):
    return PDFStream(PDFDictionary(dictionary), content, [PDFZCompress])
