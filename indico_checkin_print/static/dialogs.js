// What Indico's dialogs leave to the page: the focus after them, also when the page was loaded anew, and their place.
//
// Indico returns the focus to the button of a dialog, and then most dialogs load the page anew. So what was used is
// kept for the next page of the same address: the focus goes back to it, or to what was added. What the page says
// about it is announced, which a page that was just loaded does not do.

(function() {
  'use strict';

  const KEY = 'checkin-print-used';
  const ANNOUNCE_AFTER = 500; // milliseconds; what is there from the beginning is not read
  const FIELD_DRAWN_WITHIN = 3000;
  const FIELD_POLL_INTERVAL = 50;
  const CONTROLS = 'a[href], button, input:not([type=hidden]), select, textarea, summary';

  let used = null; // what was used last and did something, as `describe` has it

  document.addEventListener('DOMContentLoaded', () => {
    if (!document.querySelector('.checkin-print')) {
      return;
    }
    restore();
    // Indico's scripts know jQuery's events only
    $(document)
      .on('indico:confirmed', ({target}) => {
        used = target.closest('.checkin-print') ? describe(target) : null;
      })
      .on('ajaxDialog:closed', (event, data, customData) => {
        if (!data && !customData) {
          used = null;
        }
      })
      .on('indico:dialogOpen', ({target}) => setTimeout(focusInside, 0, target))
      .on('ajaxForm:success', () => setTimeout(showOther, 0));
    window.addEventListener('checkin-print:done', () => {
      used = null;
    });
    window.addEventListener('pagehide', keep);
  });

  function describe(button) {
    const box = button.closest('section[id], .checkin-print > [id]');
    return {
      path: location.pathname,
      control: nameOf(button),
      box: box && box.id,
      before: 'adds' in button.dataset ? controlsIn(box).map(nameOf) : null,
    };
  }

  // The controls that belong to what a list shows, by where they lead.
  function controlsIn(box) {
    return [...box.querySelectorAll('[data-href], a[href]')];
  }

  function nameOf(control) {
    return control.dataset.href || control.getAttribute('href');
  }

  function keep() {
    if (used) {
      withStorage(storage => storage.setItem(KEY, JSON.stringify(used)));
    }
  }

  function restore() {
    const kept = withStorage(storage => {
      const text = storage.getItem(KEY);
      storage.removeItem(KEY);
      return text && JSON.parse(text);
    });
    if (!kept || kept.path !== location.pathname) {
      return;
    }
    const box = kept.box && document.getElementById(kept.box);
    const added = kept.before && box && controlsIn(box).find(control => !kept.before.includes(nameOf(control)));
    const same = [...document.querySelectorAll('.checkin-print [data-href]')].find(x => nameOf(x) === kept.control);
    // what was deleted leaves the focus to its box
    focus(added || same || box || document.querySelector('.checkin-print'));
    const message = document.querySelector('#flashed-messages');
    if (message && window.CheckinPrint) {
      setTimeout(() => window.CheckinPrint.announce(message.textContent.trim()), ANNOUNCE_AFTER);
    }
  }

  // A browser may refuse to store anything, and what is stored may be older than this script: then the focus is lost,
  // and nothing else.
  function withStorage(act) {
    try {
      return act(window.sessionStorage);
    } catch (error) {
      return null;
    }
  }

  function focus(element) {
    if (!element.matches(`${CONTROLS}, [tabindex]`)) {
      element.setAttribute('tabindex', '-1');
    }
    element.focus();
  }

  // Indico's field for a date is drawn later, and keeps the focus of a dialog away from all fields. What takes the place
  // of a form has no focus at all.
  function focusInside(dialog) {
    const until = Date.now() + FIELD_DRAWN_WITHIN;
    (function look() {
      const isInside = dialog.contains(document.activeElement);
      if (isInside && document.activeElement.matches(CONTROLS)) {
        return;
      }
      const form = dialog.querySelector('form');
      const field = form && (fieldsIn(form, '.has-error ').find(isUsable) || fieldsIn(form).find(isUsable));
      if (field) {
        name(field);
      }
      if (field || (!form && !isInside)) {
        focus(field || dialog.querySelector('.exclusivePopup [tabindex], .exclusivePopup button') || dialog);
      } else if (form && dialog.isConnected && Date.now() < until) {
        setTimeout(look, FIELD_POLL_INTERVAL);
      }
    })();
  }

  // Its own label does not name the field for a date, whose id is that of what it is drawn in.
  function name(field) {
    const label = field.labels.length ? null : field.closest('.form-group')?.querySelector('label');
    if (label) {
      label.id = label.id || `${label.htmlFor}-label`;
      field.setAttribute('aria-labelledby', label.id);
    }
  }

  function fieldsIn(form, where = '') {
    return [...form.querySelectorAll(`${where}:is(input, select, textarea)`)];
  }

  function isUsable(field) {
    return field.type !== 'hidden' && !field.disabled && field.getClientRects().length > 0;
  }

  // A dialog whose form was sent shows that form again, or something else, which has another size.
  function showOther() {
    const content = $('.ui-dialog-content:visible').last();
    if (content.length) {
      content.dialog('option', 'position', content.dialog('option', 'position'));
      focusInside(content[0]);
    }
  }
})();
