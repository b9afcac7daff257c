"""A scanner that types like a keyboard, before a page in Chromium: keys as the computer gets them, by their positions.

The scanner believes that the keyboard is American, as nearly all do unless they are configured; what letters the page
gets depends on the layout of the computer.
"""

import string
import time


_SIGNS = {'Minus': '-_', 'Equal': '=+', 'BracketLeft': '[{', 'BracketRight': ']}', 'Backslash': '\\|',
          'Semicolon': ';:', 'Quote': '\'"', 'Backquote': '`~', 'Comma': ',<', 'Period': '.>', 'Slash': '/?',
          'Space': '  ',
          **{f'Digit{digit}': f'{digit}{sign}' for digit, sign in zip('0123456789', ')!@#$%^&*(', strict=True)},
          **{f'Key{letter.upper()}': letter + letter.upper() for letter in string.ascii_lowercase}}
#: What other layouts make of a position, without and with Shift, where that is not what the American one does. A dead
#: key waits for the next letter; browsers call it so.
LAYOUTS = {
    'us': {},
    'de': {'KeyY': 'zZ', 'KeyZ': 'yY', 'Minus': 'ß?', 'Equal': ('Dead', 'Dead'), 'BracketLeft': 'üÜ',
           'BracketRight': '+*', 'Backslash': "#'", 'Semicolon': 'öÖ', 'Quote': 'äÄ', 'Backquote': ('Dead', '°'),
           'Comma': ',;', 'Period': '.:', 'Slash': '-_', 'Digit2': '2"', 'Digit3': '3§', 'Digit6': '6&', 'Digit7': '7/',
           'Digit8': '8(', 'Digit9': '9)', 'Digit0': '0='},
    'fr': {'KeyQ': 'aA', 'KeyA': 'qQ', 'KeyW': 'zZ', 'KeyZ': 'wW', 'Semicolon': 'mM', 'KeyM': ',?', 'Comma': ';.',
           'Period': ':/', 'Slash': '!§', 'Minus': ')°', 'Equal': '=+', 'BracketLeft': ('Dead', 'Dead'),
           'BracketRight': '$£', 'Quote': 'ù%', 'Backslash': '*µ', 'Digit0': 'à0', 'Digit1': '&1', 'Digit2': 'é2',
           'Digit3': '"3', 'Digit4': "'4", 'Digit5': '(5', 'Digit6': '-6', 'Digit7': 'è7', 'Digit8': '_8',
           'Digit9': 'ç9'},
}
_POSITIONS = {char: (code, shift) for code, chars in _SIGNS.items() for shift, char in enumerate(chars)}
_SHIFT = 8


class Wedge:
    """Types codes into a page of Playwright.

    :param layout: That of the computer: a key of `LAYOUTS`.
    :param gap: Seconds between two keys, besides what it takes to send them.
    :param stall: Seconds without a key in the middle of each code.
    :param suffix: The key at the end, or ``None`` for a scanner that sends none.
    """

    def __init__(self, page, layout='us', *, gap=0.0, stall=0.0, suffix='Enter'):
        self._session = page.context.new_cdp_session(page)
        self._layout = LAYOUTS[layout]
        self._gap = gap
        self._stall = stall
        self._suffix = suffix

    def __call__(self, text):
        """Type a code."""
        for place, char in enumerate(text):
            if self._stall and place == len(text) // 2:
                time.sleep(self._stall)
            code, shift = _POSITIONS[char]
            self._press(self._layout.get(code, _SIGNS[code])[shift], code, _SHIFT if shift else 0)
            if self._gap:
                time.sleep(self._gap)
        if self._suffix:
            self._press(self._suffix, self._suffix, 0)

    def _press(self, key, code, modifiers):
        event = {'key': key, 'code': code, 'modifiers': modifiers}
        if key == 'Enter':
            event |= {'text': '\r', 'windowsVirtualKeyCode': 13}
        elif len(key) == 1:
            event |= {'text': key}
        self._session.send('Input.dispatchKeyEvent', {'type': 'keyDown', **event})
        self._session.send('Input.dispatchKeyEvent', {'type': 'keyUp', **{x: event[x] for x in ('key', 'code')},
                                                      'modifiers': modifiers})
