"""Invented people in the scripts of the world, with the fonts that write their names on a machine of Debian.

A family name follows the given name, as the badge has them on two lines. Names of more than one word have a low line.
"""

import unicodedata


_CJK = 'Noto Sans CJK JP'
#: What it is: the family of fonts besides that of the template, names
SCRIPTS = {
    'Latin': ('', (
        'Zoë Müller, Łukasz Żółkiewski, Þórdís Ægisdóttir, Øyvind Ødegård, Çağrı Öztürk, '
        'Ștefan Țuțea, Győző Szűcs, Ďurica Ľubomír, Māris Ķikuste, Žydrūnas Kęstutis, '
        'Ġorġ Ħaż-Żebbuġ, Ŵyn Ŷstrad')),
    'Latin of Africa': ('Noto Sans', (
        'Ɓala Ɗanjuma, Ƙwaku Ŋutsukpui, Ɛfua Ɔforiwaa, Ṣẹ́gun Ọlátúnjí, Ẹ̀bùn Ṣóyínká')),
    'Vietnamese': ('', (
        'Nguyễn Thị_Ngọc_Ánh, Đặng Hữu_Thắng, Phạm Quỳnh_Như, Trần Đức_Lượng, Vũ Ỷ_Lan, '
        'Lê Hằng_Nguyệt')),
    'Greek': ('', (
        'Ευαγγελία Ξενάκη, Θεόδωρος Ψαρράς, Άννα Ώριμη, Ιωάννα Παπαϊωάννου, '
        'Γιώργος Χατζηγιαννάκης')),
    'Polytonic Greek': ('Noto Sans', (
        'Ἀριστοτέλης Ὀδυσσεύς, Ἑλένη Ἠλέκτρα, Ῥόδη ᾠδή, Ἰωάννης Ὕψιστος, Ὦτος ᾍδης')),
    'Cyrillic': ('', (
        'Екатерина Щербакова, Їжак Ґалаґан, Љиљана Ћирић, Ѓорѓи Ќосев, Аўгінья Дзюбенка, '
        'Ъглика Йорданова')),
    'Cyrillic of Asia': ('', (
        'Әсел Өмірзақ, Қанат Үсенұлы, Ғалия Ңұрлан, Һөрмәтулла Ҡасымов, Ҷамшед Ӣсоев, '
        'Ӯлмас Ҳакимов')),
    'Georgian': ('Noto Sans Georgian', (
        'ნინო ჭავჭავაძე, გიორგი ბერიძე, თამარ წერეთელი, ლევან ღვინიაშვილი, ქეთევან ჯანაშია')),
    'Armenian': ('Noto Sans Armenian', (
        'Անի Հովհաննիսյան, Գևորգ Սարգսյան, Շուշան Ղազարյան, Արմեն Խաչատրյան, Լուսինե Փափազյան')),
    'Hebrew': ('', (
        'דוד בן־גוריון, רחל כהן, יצחק לוי, שרה אברהמי, חיים ויצמן')),
    'Hebrew with points': ('', (
        'דָּוִד כֹּהֵן, שָׂרָה לֵוִי, יִצְחָק בֶּן־צְבִי, רִבְקָה שָׁלוֹם, חַנָּה יְהוּדָה')),
    'Arabic': ('Noto Sans Arabic', (
        'محمد الأنصاري, فاطمة الزهراء, لؤي بطّوطة, عائشة القحطاني, خالد الإدريسي, '
        'نُورَا الهَاشِمِيّ')),
    'Persian': ('Noto Sans Arabic', (
        'پریسا چراغی, ژاله گل‌محمدی, کیوان یزدانی, شیرین پهلوان‌زاده, گیتا کاویانی')),
    'Urdu': ('Noto Sans Arabic', (
        'ٹیپو ڈار, بینظیر چوہدری, عمران قریشی, ژوبی راجپوت, فیضان علوی')),
    'Pashto and Kurdish': ('Noto Sans Arabic', (
        'ګلالۍ ځواک, ښايسته ړومبۍ, ڕۆژان گوڵالە, شێرکۆ بێکەس, هێمن ئەحمەد')),
    'Syriac': ('Noto Sans Syriac', (
        'ܐܦܪܝܡ ܣܘܪܝܝܐ, ܡܪܝܡ ܝܘܣܦ, ܝܘܚܢܢ ܒܪܣܘܡ, ܫܡܘܢ ܟܐܦܐ')),
    'Thaana': ('Noto Sans Thaana', (
        'އަޙްމަދު މަނިކު, ފާތިމަތު ދީދީ, ޢަލީ ރަޝީދު, މަރްޔަމް ޒަކީ')),
    'Devanagari': ('Noto Sans Devanagari', (
        'क्षितिज शर्मा, ज्ञानेश्वरी कुलकर्णी, श्रीकृष्ण त्रिपाठी, हिमांशु द्विवेदी, '
        'दुष्यन्त रिजाल, ऋद्धि चट्टोपाध्याय')),
    'Bengali': ('Noto Sans Bengali', (
        'রবীন্দ্রনাথ চট্টোপাধ্যায়, শ্রেয়া বন্দ্যোপাধ্যায়, কৌশিক গঙ্গোপাধ্যায়, '
        'জ্যোৎস্না রহমান, মৃণালিনী ঘোষ')),
    'Gurmukhi': ('Noto Sans Gurmukhi', (
        'ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ, ਹਰਜਿੰਦਰ ਕੌਰ, ਸੁਖਵਿੰਦਰ ਢਿੱਲੋਂ, ਮਨਪ੍ਰੀਤ ਗਿੱਲ, ਬਲਜੀਤ ਸੰਧੂ')),
    'Gujarati': ('Noto Sans Gujarati', (
        'હાર્દિક પટેલ, શ્રદ્ધા ત્રિવેદી, જ્ઞાનેશ દેસાઈ, કૃષ્ણકાંત ચૌધરી, દર્શના મહેતા')),
    'Odia': ('Noto Sans Oriya', (
        'ଶ୍ରୀକାନ୍ତ ମହାପାତ୍ର, ଜ୍ୟୋତିର୍ମୟୀ ପଟ୍ଟନାୟକ, କୃଷ୍ଣଚନ୍ଦ୍ର ମିଶ୍ର, ସୁଭଦ୍ରା ତ୍ରିପାଠୀ, '
        'ଅଚ୍ୟୁତ ସାମନ୍ତ')),
    'Tamil': ('Noto Sans Tamil', (
        'கோபாலகிருஷ்ணன் ஸ்ரீநிவாசன், மீனாட்சி சுந்தரம், ஜெயலட்சுமி பொன்னுச்சாமி, '
        'க்ஷேமா வெங்கடேசன், செந்தில் கௌதமன்')),
    'Telugu': ('Noto Sans Telugu', (
        'శ్రీనివాస్ కృష్ణమూర్తి, లక్ష్మీ ప్రసన్న, జ్యోతిర్మయి వేంకటేశ్వర్లు, '
        'సత్యనారాయణ త్రివిక్రమ్, అర్చన రెడ్డి')),
    'Kannada': ('Noto Sans Kannada', (
        'ಶ್ರೀಕೃಷ್ಣ ಕುಲಕರ್ಣಿ, ಲಕ್ಷ್ಮೀ ದೇಶಪಾಂಡೆ, ಜ್ಞಾನೇಶ್ವರ ಹೆಗ್ಡೆ, ವಿದ್ಯಾ ರಾಮಚಂದ್ರ, ಪ್ರಜ್ವಲ್ ಗೌಡ')),
    'Malayalam': ('Noto Sans Malayalam', (
        'ശ്രീകൃഷ്ണൻ നമ്പൂതിരി, ലക്ഷ്മിക്കുട്ടി അമ്മ, ഗോപാലകൃഷ്ണൻ നായർ, ജ്യോതിർമയി മേനോൻ, '
        'അബ്ദുൾ റഹ്മാൻ')),
    'Sinhala': ('Noto Sans Sinhala', (
        'ශ්‍රීමතී ප්‍රේමදාස, චන්ද්‍රිකා කුමාරතුංග, ක්‍රිෂාන්ත විජේසිංහ, ඤාණවිමල ද_සිල්වා, '
        'මෛත්‍රී ජයවර්ධන')),
    'Thai': ('Noto Sans Thai', (
        'สมชาย ใจดี, น้ำฝน ผู้ใหญ่, กฤษฎา เกียรติศักดิ์, ปิ่นแก้ว ทองอยู่, ณัฐฐิญา ศรีสุวรรณ์')),
    'Lao': ('Noto Sans Lao', (
        'ສົມພອນ ແກ້ວມະນີ, ບຸນມີ ສີສຸກ, ຄຳຫຼ້າ ຈັນທະວົງ, ນ້ຳຝົນ ພົມມະຈັນ, ໄຊຍະສິດ ວົງໄຊ')),
    'Khmer': ('Noto Sans Khmer', (
        'សុខា ព្រះ, ស្រីមុំ ចាន់ធូ, ក្រឹស្នា ឆ្លើយ, ភក្តី សម្បត្តិ, ញ៉ែម សុវណ្ណារិទ្ធ')),
    'Burmese': ('Noto Sans Myanmar', (
        'အောင်ဆန်း စုကြည်, ခင်မျိုးချစ် သိန်း, ဖြိုးဝေ လင်း, ကျော်စွာ မြင့်, သန္တာ ဦးသော်')),
    'Tibetan': ('Noto Serif Tibetan', (
        'བསྟན་འཛིན རྒྱ་མཚོ, སྒྲོལ་མ བཀྲ་ཤིས, ཀརྨ ཕུན་ཚོགས, རྡོ་རྗེ ཚེ་རིང, ཨོཾ ཧཱུྃ')),
    'Amharic': ('Noto Sans Ethiopic', (
        'አበበ ቢቂላ, ጥሩነሽ ዲባባ, ኃይሌ ገብረሥላሴ, ጸጋዬ ወልደማርያም, ቋሪት ፍቅሬ')),
    'Cherokee': ('Noto Sans Cherokee', (
        'ᏍᏏᏉᏯ ᎤᏬᎯᎶ, ᎠᏂᏓ ᏣᎳᎩ, ꮳꮃꭹ Ꮹꭿ, ᏩᏥᏂ ᎩᏚᏩ')),
    'Mongolian': ('Noto Sans Mongolian', (
        'ᠮᠣᠩᠭᠣᠯ ᠪᠠᠲᠤ, ᠴᠢᠩᠭᠢᠰ ᠬᠠᠭᠠᠨ, ᠰᠠᠷᠠᠨ ᠲᠤᠶᠠ, ᠡᠨᠬᠡ ᠲᠠᠢᠪᠤᠩ')),
    'Simplified Chinese': (_CJK, (
        '明 王, 伟 张, 丽华 陈, 国强 赵, 晓东 刘, 骏 龚')),
    'Traditional Chinese': (_CJK, (
        '國龍 黃, 麗華 陳, 鳳儀 羅, 寶珠 鄭, 曉東 劉, 龜年 盧')),
    'Rare ideographs': (_CJK, (
        '𠮷 𠮟, 㛃 䶮, 喆 堃, 犇 煊, 𣘺 㐂')),
    'Japanese': (_CJK, (
        '太郎 山田, はなこ 渡邊, さくら 髙橋, ケンジ 﨑山, 直子 骨皮, 葛󠄀 辻󠄀')),
    'Half-width kana': (_CJK, (
        'ﾀﾛｳ ﾔﾏﾀﾞ, ﾊﾅｺ ﾜﾀﾅﾍﾞ, ｻｸﾗ ﾀｶﾊｼ, ｹﾝｼﾞ ﾊﾟﾄﾞｯｸ')),
    'Korean': (_CJK, (
        '민준 김, 서연 박, 뷁 똠방각하, 지훈 황보, 춘향 성')),
    'Bopomofo and Yi': (f'{_CJK},Noto Sans Yi', (
        'ㄅㄆㄇ ㄈㄉㄊ, ㄨㄤ ㄇㄧㄥ, ꆈꌠ ꁱꂷ, ꏂꃅ ꀋꉬ')),
    'Javanese and Balinese': ('Noto Sans Javanese,Noto Sans Balinese', (
        'ꦱꦸꦏꦂꦤꦺꦴ ꦲꦶꦁ, ꦥꦿꦧꦺꦴꦮꦺꦴ ꦗꦮ, ᬯᬬᬦ᭄ ᬩᬮᬶ, ᬓᭂᬢᬸᬢ᭄ ᬕᬸᬱ᭄ᬢᬶ')),
    'N’Ko, Tifinagh, Adlam': ('Noto Sans NKo,Noto Sans Tifinagh,Noto Sans Adlam', (
        'ߛߏߟߏߡߊߣߊ ߞߊ߲ߕߍ, ߡߊߡߊߘߌ ߖߊߞߌߕߍ, ⴰⵎⵉⵔ ⵢⵓⴱⴰ, ⵜⴰⵎⵉⵍⵍⴰ ⵎⴰⵙⵉⵏ, 𞤀𞤣𞤤𞤢𞤥 𞤆𞤵𞤤𞤢𞤪, 𞤋𞤦𞤪𞤢 𞤄𞤢𞤪𞤪𞤭')),
    'Two scripts': (f'Noto Sans Arabic,Noto Sans Devanagari,{_CJK}', (
        'David דוד, Chen_(陈) 陈丽, محمد_(Mohamed) علي_Ali, Иван_Ivan Петров, '
        'अनिल_(Anil) Kumar_कुमार, Ahmed_123 أحمد_١٢٣, דוד_(David)_2 לוי')),
    'Emoji': ('Noto Color Emoji', (
        'Zoë_😀 Müller, 👩‍🚀_Ada Lace, Ida_❤️ Ünal_🇨🇭, Bo_👍🏽 Ek_1️⃣, Max_👨‍👩‍👧‍👦 Frey, '
        'Uwe_🏴󠁧󠁢󠁥󠁮󠁧󠁿 Ott')),
    'Decomposed': ('Noto Sans', (
        'Nguyễn Thị_Ánh, Šimůnek Dvořák, Ἀλέξανδρος Ὀρφεύς, Ёлкин Їжак, 민준 박, '
        'Ọládélé Ṣẹ̀gílọlá, がぎ ばぴ')),
}


def names():
    """Return (script, given name, family name) of each person."""
    found = []
    for script, (__, people) in SCRIPTS.items():
        if script == 'Decomposed':
            people = unicodedata.normalize('NFD', people)
        for name in people.split(','):
            given, family = name.split()
            found.append((script, given.replace('_', ' '), family.replace('_', ' ')))
    return found


#: The country whose people write so, where characters look different in another one, and its language
_COUNTRIES = {'Simplified Chinese': ('CN', 'zh-cn'), 'Rare ideographs': ('CN', 'zh-cn'),
              'Traditional Chinese': ('TW', 'zh-tw'), 'Japanese': ('JP', 'ja'), 'Korean': ('KR', 'ko')}


def country_of(script):
    """Return the country of the people of a script."""
    return _COUNTRIES.get(script, ('CH', 'en'))[0]


def language_of(script):
    """Return the language of their names."""
    return _COUNTRIES.get(script, ('CH', 'en'))[1]


def fonts_of(script):
    """Return the families of fonts that write the names of a script, the template's first."""
    return ','.join(filter(None, ('Liberation Sans', SCRIPTS[script][0], _CJK if script == 'Decomposed' else '')))
