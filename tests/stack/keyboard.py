"""Somebody without a mouse: reaches what they want with the Tab key, sees where they are, and presses keys."""

import pytest
from playwright.sync_api import expect


#: More than any page of ours has controls, Indico's menus around it included
MAX_TABS = 150
#: Whether the element with the focus looks different from one without: a ring or a shadow; a field has the cursor
_SHOWS = """element => {
    if (element.matches('input:not([type]), [type=text], [type=search], [type=email], textarea')) {
        return true;
    }
    const shown = x => {
        const style = getComputedStyle(x);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
    };
    // Indico's checkboxes are invisible, and their neighbour shows the focus
    return shown(element) || (element.nextElementSibling && shown(element.nextElementSibling)) || element.tabIndex < 0;
}"""


class Keyboard:
    """The keys of a page of Playwright. Nothing here touches the mouse, or moves the focus in another way."""

    def __init__(self, page):
        self.page = page

    def reach(self, locator, *, shows=True, back=False):
        """Press Tab until an element has the focus.

        :param shows: Whether it must be seen that it has.
        :param back: Whether to press Shift with it.
        """
        expect(locator).to_be_visible()
        for __ in range(MAX_TABS):
            if locator.evaluate('x => x === document.activeElement'):
                if shows:
                    assert locator.evaluate(_SHOWS), f'Nobody sees that {locator} has the focus.'
                return
            self.page.keyboard.press('Shift+Tab' if back else 'Tab')
        pytest.fail(f'{MAX_TABS} times Tab, and {locator} never had the focus.')

    def use(self, locator, key='Enter', **kwargs):
        """Reach an element, and press a key on it."""
        self.reach(locator, **kwargs)
        self.page.keyboard.press(key)

    def fill(self, locator, text, **kwargs):
        """Reach a field, and type; in a list this chooses the line that begins so."""
        self.reach(locator, **kwargs)
        self.page.keyboard.type(text)

    def press(self, key):
        """Press a key wherever the focus is."""
        self.page.keyboard.press(key)
