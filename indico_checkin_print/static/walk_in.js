// The page for walk-ins: says at once that somebody is registered already, and keeps the keyboard where it is needed.

(function() {
  'use strict';

  const DELAY = 400; // after the last key, in milliseconds

  document.addEventListener('DOMContentLoaded', () => {
    const form = document.querySelector('#registration-form-submission-container');
    if (form) {
      watchEmail(form, document.querySelector('#walk-in-known'));
      focusFirst(form);
      return;
    }
    const next = document.querySelector('#walk-in-person [type=submit], #walk-in-next');
    if (next) {
      next.focus();
    }
    const send = document.querySelector('#walk-in-check-in');
    if (send) {
      send.addEventListener('submit', event => {
        // Indico finds a second click harmless; this only keeps people from wondering
        if (send.dataset.sent) {
          event.preventDefault();
        }
        send.dataset.sent = '1';
      });
      window.addEventListener('pageshow', () => delete send.dataset.sent);
    }
  });

  function watchEmail(form, known) {
    let timer = null;
    let asked = '';
    form.addEventListener('input', event => {
      if (event.target.matches('input[name="email"]')) {
        clearTimeout(timer);
        timer = setTimeout(() => ask(event.target.value.trim()), DELAY);
      }
    });

    async function ask(email) {
      asked = email;
      if (!email.includes('@')) {
        known.replaceChildren();
        return;
      }
      try {
        const response = await fetch(`${known.dataset.url}?email=${encodeURIComponent(email)}`, {
          headers: {'X-Requested-With': 'XMLHttpRequest'},
          credentials: 'same-origin',
        });
        const html = response.ok ? await response.text() : '';
        if (email === asked) {
          known.innerHTML = html;
        }
      } catch (error) {
        // Indico asks again when the form is sent, and finds the person then
        known.replaceChildren();
      }
    }
  }

  // Indico's component draws the form a moment later.
  function focusFirst(form) {
    const observer = new MutationObserver(() => {
      const first = form.querySelector('input[type=text], input[type=email], textarea');
      if (first) {
        observer.disconnect();
        first.focus();
      }
    });
    observer.observe(form, {childList: true, subtree: true});
  }
})();
