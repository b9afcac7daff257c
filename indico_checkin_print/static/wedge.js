// Reads a scanner that types like a keyboard (a "keyboard wedge"), wherever the focus is.
//
// Its speed distinguishes a scanner from a person. It ends by Enter or Tab, or by a short pause. What it types into a
// field by the way is taken out again.
//
// Scanners send keys, not letters, and mostly as if the keyboard was American. Under another layout the letters are
// wrong: a German one makes Ü of {, Ä of " and swaps y and z. So each scan is read twice: by letters, and by the
// positions of the keys on an American keyboard, which browsers know as well (`KeyboardEvent.code`).

(function() {
  'use strict';

  const MAX_GAP = 100; // ms without a key that end a scan
  const MAX_GAP_IN_TICKET = 1500; // ms without a key in the middle of a ticket: the computer, or the radio of the scanner, is busy
  const MAX_MEAN_GAP = 40; // ms between two keys, on average: people in a field are slower
  const MIN_LENGTH = 6;
  const MIN_LENGTH_IN_FIELD = 12; // nobody types that fast for so long
  const MAX_LENGTH = 4000; // more than any code has
  const LATE_ENTER = 600; // ms in which an Enter still belongs to the scan before it

  const SHIFTED_DIGITS = ')!@#$%^&*(';
  const OTHER_KEYS = {
    Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}', Backslash: '\\|', Semicolon: ';:', Quote: '\'"',
    Backquote: '`~', Comma: ',<', Period: '.>', Slash: '/?', Space: '  ', NumpadDecimal: '..', NumpadAdd: '++',
    NumpadSubtract: '--', NumpadMultiply: '**', NumpadDivide: '//',
  };

  // Returns what a key is on an American keyboard, or '' if it is no letter, digit or sign.
  function onAmericanKeyboard(code, shift) {
    const letter = /^Key([A-Z])$/.exec(code);
    if (letter) {
      return shift ? letter[1] : letter[1].toLowerCase();
    }
    const digit = /^(Digit|Numpad)(\d)$/.exec(code);
    if (digit) {
      return shift && digit[1] === 'Digit' ? SHIFTED_DIGITS[digit[2]] : digit[2];
    }
    return code in OTHER_KEYS ? OTHER_KEYS[code][shift ? 1 : 0] : '';
  }

  // Calls `onScan({code, byPosition})` for each scan from now on, and `onTyped(text)` for what somebody types in no field.
  function listen(onScan, onTyped = () => {}) {
    let letters = '';
    let positions = '';
    let keys = 0;
    let firstAt = 0;
    let lastAt = 0;
    let scannedAt = -Infinity;
    let field = null;
    let before = '';
    let timer = null;

    function start(target) {
      letters = positions = '';
      keys = 0;
      field = target.matches && target.matches('input, textarea') ? target : null;
      before = field && field.value;
    }

    // Whether it is a ticket of Indico that has not come to its end, whichever reading is the right one.
    function isUnfinished() {
      const readings = [letters, positions];
      return readings.some(text => text.startsWith('{')) && !readings.some(text => text.endsWith('}'));
    }

    function maxGap() {
      return isUnfinished() ? MAX_GAP_IN_TICKET : MAX_GAP;
    }

    function isScan() {
      const long = keys >= (field ? MIN_LENGTH_IN_FIELD : MIN_LENGTH);
      const isTicket = positions.startsWith('{') && positions.endsWith('}');
      return long && (lastAt - firstAt) / (keys - 1) <= (field && !isTicket ? MAX_MEAN_GAP : MAX_GAP);
    }

    function finish(at) {
      clearTimeout(timer);
      const scan = {code: letters.trim(), byPosition: positions.trim()};
      if (field) {
        field.value = before;
        field.dispatchEvent(new Event('input', {bubbles: true}));
      }
      scannedAt = at;
      start(document.body);
      onScan(scan);
    }

    document.addEventListener('keydown', event => {
      const altGr = event.getModifierState('AltGraph');
      if (event.isComposing || (!altGr && (event.ctrlKey || event.altKey || event.metaKey))) {
        return;
      }
      // when the key was pressed: a page that is busy hears of it later
      const now = event.timeStamp;
      if (event.key === 'Enter' || event.key === 'Tab') {
        if (keys && now - lastAt <= maxGap() && isScan()) {
          event.preventDefault();
          event.stopImmediatePropagation();
          finish(now);
        } else if (event.key === 'Enter' && now - scannedAt <= LATE_ENTER) {
          // not for the button that has the focus
          event.preventDefault();
          event.stopImmediatePropagation();
        }
        return;
      }
      const letter = event.key.length === 1 ? event.key : '';
      const position = onAmericanKeyboard(event.code, event.shiftKey);
      if (!letter && !position) {
        return;
      }
      if (!keys || now - lastAt > maxGap() || keys > MAX_LENGTH) {
        start(event.target);
        firstAt = now;
      } else if (!field) {
        // a space would press the button that has the focus, a slash open the browser's own search
        event.preventDefault();
      }
      letters += letter;
      positions += position;
      keys += 1;
      lastAt = now;
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (isScan()) {
          finish(performance.now());
          return;
        }
        const typed = field ? '' : letters;
        start(document.body);
        if (typed) {
          onTyped(typed);
        }
      }, maxGap());
    }, true);
  }

  window.CheckinPrintWedge = {listen, onAmericanKeyboard};
})();
