"""People whose names and affiliations are not what a badge expects, and what it shall make of each."""

from dataclasses import dataclass


#: What of a badge is lost, by the kinds of `badge.losses`
CUT, ACCENTS, BOXES = 'cut', 'accents', 'missing_glyphs'
#: Accents above, through and below a letter; four of a kind are what a letter bears
_ZALGO = '\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e'
_BEARABLE = '\u0351\u036b\u0343\u036a\u0334\u0319\u0324\u031e\u0349'


@dataclass(frozen=True)
class Case:
    """One person. Either the family name or the affiliation is the tag by which the badge is found."""

    tag: str
    given: str
    family: str
    affiliation: str
    #: All that stands on the badge besides the title; of what is cut, how it begins
    shown: tuple[str, str, str]
    #: The kinds of losses that are written down
    losses: frozenset[str] = frozenset()
    #: Why the badge is held before somebody releases it
    held: str = ''
    #: Whether Indico 3.3.14 can check this person in: it takes a name with braces for a pattern of Python, in its log
    can_check_in: bool = True


#: Texts that are drawn as they are: markup, entities, and what programs may take for instructions
LITERAL = ('<b>Zoe</b>', '<font size="80" color="red">Big</font>', '<img src="x"/>', '<para>', '</para>', '<br/>',
           '&lt;b&gt; &amp;amp; &#60;', '<!-- x -->', '${first_name}', '{{ 7 * 7 }}', '%s %(name)s', '{0} {name}',
           "Robert'); DROP TABLE jobs;--", '\\( ) \\n \\\\', '(unbalanced', '<< /Type /Page >>', 'endstream',
           'a < b > c & d', '"quoted" \'names\'', '=SUM(A1)', '../../etc/passwd', 'NaN', 'null', '-0')
#: Those of them that end a check-in of Indico 3.3.14 with an error of its own
PATTERNS = ('${first_name}', '{0} {name}')
#: Characters that nobody sees, and what is drawn
UNSEEN = {'Zo\u202ee': 'Zoe', '\u2067Zoe\u2069': 'Zoe', '\u202eZoe\u202c': 'Zoe', 'Zo\u00ad\u200b\u2060e': 'Zoe',
          'Zo\u0007e\u001b[31m': 'Zoe[31m', 'Zo\u0085\u2028e': 'Zo e', 'Zoe\ufeff\ufffe': 'Zoe',
          'Z\u180e\u200eoe\u200f': 'Zoe', 'a\tb\nc\rd': 'a b c d', '\U000e0001Zoe': 'Zoe'}
#: Names with more of something than there is room for: how what is shown begins, and what is lost
TOO_MUCH = {
    'x' * 5000: ('x' * 40, CUT), 'W' * 900: ('W' * 40, CUT), 'word ' * 1000: ('word word word', CUT),
    '\u6771' * 3000: ('\u6771' * 12, CUT), '\u0628' * 3000: ('', CUT),
    'a' + '\u0301' * 4999: ('a' + '\u0301' * 4, ACCENTS),
    '\u0e01' + '\u0e47' * 200: ('\u0e01' + '\u0e47' * 8, ACCENTS),
    ''.join(letter + _ZALGO for letter in 'Zalgo'): (''.join(letter + _BEARABLE for letter in 'Zalgo'), ACCENTS),
}
#: Affiliations, with how what is shown begins
LONG_AFFILIATIONS = {'y' * 5000: 'y' * 40, 'Institute of Everything ' * 200: 'Institute of Everything Institute',
                     'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk' * 20: 'Donaudampf'}
#: People who mean no harm and have long names, at long places: all of it is shown
CROWDED = (
    ('Venkatanarasimharajuvaripeta', 'Krishnamoorthy Venkatasubramaniam',
     'Tata Institute of Fundamental Research, Homi Bhabha Road, Navy Nagar, Colaba, Mumbai'),
    ('Anna', 'Leutheusser-Schnarrenberger',
     'Karlsruher Institut für Technologie, Arbeitsgruppe Hochenergiephysik und Datenverarbeitung, Campus Nord'),
    ('Jo', 'Li', 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'),
    ('กฤษฎา', 'เกียรติศักดิ์ศรีสุวรรณ์ทองอยู่', 'มหาวิทยาลัยเทคโนโลยีพระจอมเกล้าธนบุรี คณะวิศวกรรมศาสตร์ ภาควิชาวิศวกรรมคอมพิวเตอร์'),
    ('محمد بن عبد الله', 'الأنصاري القحطاني الزهراء بطوطة الإدريسي',
     'جامعة الملك عبدالعزيز كلية العلوم قسم الفيزياء النظرية والرياضيات التطبيقية والفلك'),
    ('སྒྲོལ་མ ཨོཾ ཧཱུྃ', 'བསྟན་འཛིན རྒྱ་མཚོ བསྟན་འཛིན རྒྱ་མཚོ', 'བསྟན་འཛིན རྒྱ་མཚོ བཀྲ་ཤིས ཕུན་ཚོགས ' * 3),
    ('အောင်ဆန်း', 'ခင်မျိုးချစ် ဖြိုးဝေ လင်း ကျော်စွာ', 'အောင်ဆန်း စုကြည် ဖြိုးဝေ ကျော်စွာ ' * 3),
    ('𠮷太郎', '山田渡邊髙橋﨑山骨皮辻龍', '東京大学大学院理学系研究科附属素粒子物理国際研究センター計算機部門'),
    ('Wolfeschlegelsteinhausenbergerdorff', 'Ó Súilleabháin-MacGillycuddy',
     'wolfe.schlegel@department.of.physics.university.of.somewhere.example.org'),
)
#: Names that show nothing
NAMELESS = (' ', '\u00a0', '\u200b', '\u2060', '\u3164', '\u202e')


def cases():
    """Return the `Case`s."""
    found = []

    def add(given, shown, **kwargs):
        tag = f'Case {len(found):02}'
        found.append(Case(tag, given, 'Ordinary', tag, (shown, 'Ordinary', tag), **kwargs))

    for text in LITERAL:
        add(text, text, can_check_in=text not in PATTERNS)
    for text, shown in UNSEEN.items():
        add(text, shown)
    for text, (shown, loss) in TOO_MUCH.items():
        add(text, shown, losses=frozenset({loss}))
    add('Zo\ue000e', 'Zo\ue000e', losses=frozenset({BOXES}), held='missing_glyphs')
    for text, shown in LONG_AFFILIATIONS.items():
        tag = f'Case {len(found):02}'
        found.append(Case(tag, 'Zoe', tag, text, ('Zoe', tag, shown), losses=frozenset({CUT})))
    for given, family, affiliation in CROWDED:
        tag = f'Case {len(found):02}'
        written = f'{affiliation.strip()} {tag}'
        found.append(Case(tag, given, family, written, (given, family, written)))
    for text in NAMELESS:
        tag = f'Case {len(found):02}'
        found.append(Case(tag, text, text, tag, ('', '', tag), held='no_name'))
    return found


def ordinary(count):
    """Return as many `Case`s that have nothing of it."""
    given = ('Anna', 'Bruno', 'Clara', 'Dimitri', 'Elif')
    family = ('Keller', 'Moretti', 'Silva', 'Novak', 'Aydin', 'Berg')
    found = []
    for number in range(count):
        tag, names = f'Institute {number:02}', (given[number % len(given)], family[number % len(family)])
        found.append(Case(tag, *names, tag, (*names, tag)))
    return found
