"""Who comes to the conference: names as they are written in many countries, some long, some with many accents."""

import itertools


#: Country: given names, family names, where they work. Scripts that Indico's default badge font can show.
COUNTRIES = {
    'CH': ('Zoé Jürg Reto Ladina', 'Müller Bünzli-Rüegg Favre Caduff', 'CERN'),
    'DE': ('Jörg Änne Günther Käthe', 'Weiß Schönfließ Größmann Straßburger', 'Universität Göttingen'),
    'FR': ('Aurélie François Maëlys Benoît', 'Lefèvre Courbet-Dévé Guérin Œuvrard', 'Université Paris-Saclay'),
    'ES': ('Íñigo Begoña Jesús Núria', 'Muñoz Peña Ibáñez Güell', 'Instituto de Física Corpuscular'),
    'PT': ('João Conceição Inês Luís', 'Gonçalves Simões Brandão Araújo', 'Universidade de Coimbra'),
    'IT': ('Niccolò Beatrice Andrea Chiara', "D'Angelo Ferrari Nicolò Esposito", 'INFN Bologna'),
    'PL': ('Łukasz Małgorzata Grażyna Paweł', 'Wiśniewska Żółkiewski Dąbrowska Święcicki', 'Uniwersytet Jagielloński'),
    'CZ': ('Jiří Žaneta Řehoř Markéta', 'Dvořák Šťastná Růžička Kovář', 'Univerzita Karlova'),
    'SK': ('Ľubomír Želmíra Ján Zuzana', 'Kováč Šoltýs Ďurica Hlaváčová', 'Univerzita Komenského'),
    'HU': ('Győző Ágnes Lőrinc Örs', 'Szűcs Erdős Kőműves Tóth', 'Eötvös Loránd Tudományegyetem'),
    'RO': ('Ștefan Ioana Răzvan Mădălina', 'Țuțea Șerban Brâncuși Păun', 'Universitatea din București'),
    'HR': ('Željko Đurđica Šime Višnja', 'Marušić Đokić Čović Žunić', 'Institut Ruđer Bošković'),
    'TR': ('İpek Çağrı Gülşah Oğuz', 'Yıldız Şahin Öztürk Güneş', 'Boğaziçi Üniversitesi'),
    'SE': ('Åsa Göran Märta Björn', 'Sjöström Åkerlund Öberg Nyström', 'Lunds universitet'),
    'NO': ('Øyvind Håkon Åshild Bjørg', 'Sørensen Bråten Ødegård Hæstad', 'Universitetet i Bergen'),
    'IS': ('Þórdís Ævar Guðrún Örn', 'Þorsteinsdóttir Guðmundsson Ægisdóttir Sæmundsson', 'Háskóli Íslands'),
    'FI': ('Päivi Yrjö Väinö Kyösti', 'Hämäläinen Mäkelä Ylä-Jääski Virtanen', 'Helsingin yliopisto'),
    'LV': ('Jānis Ilze Ģirts Līga', 'Bērziņš Kļaviņa Ozoliņš Ķikuste', 'Latvijas Universitāte'),
    'LT': ('Žydrūnas Rūta Šarūnas Eglė', 'Kęstutytė Žukauskas Čiurlionis Jūratė', 'Vilniaus universitetas'),
    'RU': ('Екатерина Фёдор Мария Юрий', 'Щербакова Королёв Цветаева Гагарин', 'МГУ имени Ломоносова'),
    'UA': ('Олена Їжак Гнат Марія', 'Шевченко Ґалаґан Іваненко Єфремова', 'Київський університет'),
    'BG': ('Цветелина Георги Ъглика Петър', 'Йорданова Димитров Щерева Ангелов', 'Софийски университет'),
    'RS': ('Љиљана Ђорђе Џејна Његош', 'Ћирић Јовановић Њагул Шћепановић', 'Универзитет у Београду'),
    'GR': ('Ευαγγελία Γιώργος Άννα Θεόδωρος', 'Παπαδόπουλος Ξενάκη Ψαρράς Ώριμη', 'Πανεπιστήμιο Αθηνών'),
    'VN': ('Nguyệt Đức Thảo Hữu', 'Nguyễn Trần Phạm Đặng', 'Đại học Quốc gia Hà Nội'),
    'IE': ('Siobhán Pádraig Gráinne Séamus', "O'Brien Ní_Dhomhnaill Mac_Gabhann Ó_Súilleabháin",
           'Trinity College Dublin'),
    'NL': ('Anneloes Joost Maaike Zoë', "van_der_Meer 't_Hart de_Groot van_'t_Hoff", 'Nikhef'),
    'IN': ('Venkatanarasimharajuvaripeta Priya Arjun Lakshmi', 'Subramanian Iyer Chatterjee Krishnamoorthy',
           'Tata Institute of Fundamental Research'),
    'JP': ('Haruka Kenji Yūko Shōtarō', 'Itō Satō Ōnishi Kōno', 'KEK'),
    'BR': ('Antônio Flávia Tomás Lúcia', 'Assunção Guimarães Conceição Magalhães', 'Universidade de São Paulo'),
}


def people(count):
    """Return `count` people, all with different names, as (given name, family name, affiliation, country)."""
    mixed = [*_mixed(_split), *_mixed(_double), *_mixed(_double_with_the_next_but_one)]
    assert count <= len(mixed), f'there are names for {len(mixed)} people only'
    return mixed[:count]


def _mixed(given_names):
    tables = []
    for country, (given, family, affiliation) in COUNTRIES.items():
        given, family = given_names(given), _split(family)
        # along the diagonals, so that neighbours share neither name
        tables.append([(given[n], family[(n + shift) % len(family)], affiliation, country)
                       for shift in range(len(family)) for n in range(len(given))])
    return [person for row in itertools.zip_longest(*tables) for person in row if person]


def _double(names, step=1):
    names = _split(names)
    return [f'{first} {second}' for first, second in zip(names, names[step:] + names[:step], strict=True)]


def _double_with_the_next_but_one(names):
    return _double(names, 2)


def _split(names):
    return [name.replace('_', ' ') for name in names.split()]
