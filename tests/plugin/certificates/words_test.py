"""What e-mails with certificates say."""

import pytest

from indico_checkin_print.certificates import words
from indico_checkin_print.errors import CannotSend


def test_words():
    words.check(*words.defaults())
    values = dict.fromkeys(words.PLACEHOLDERS, '') | {'full_name': '**Zoë** <b>'}
    text = 'Dear **${full_name}**, *see* [us](https://example.test/a_b?c=1&d=2)\nnow\n\n<i>2</i>'
    assert words.html(text, values) == [
        ('Dear <strong>**Zoë** &lt;b&gt;</strong>, <em>see</em> '
         '<a href="https://example.test/a_b?c=1&amp;d=2">us</a><br>now'), '&lt;i&gt;2&lt;/i&gt;']
    assert words.plain(text, values) == ('Dear **Zoë** <b>, see us (https://example.test/a_b?c=1&d=2)\nnow\n\n'
                                         '<i>2</i>')
    values['download_url'] = 'https://example.test/c/1.pdf'
    assert words.html('[here](${download_url})', values) == ['<a href="https://example.test/c/1.pdf">here</a>']
    assert words.plain('[${download_url}](${download_url})', values) == 'https://example.test/c/1.pdf'
    for subject, body in (('${nobody}', {}), ('${full_name', {}), ('a\nb', {}), ('', {'intro': '${}'}),
                          ('', {'outro': ''}), ('', {'intro': 'x' * 5001})):
        with pytest.raises(CannotSend):
            words.check(subject, body)
