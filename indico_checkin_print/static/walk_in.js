// The page for walk-ins: says at once that somebody is registered already, and keeps the keyboard where it is needed.

(function() {
  'use strict';

  const DELAY = 400; // after the last key, in milliseconds

  document.addEventListener('DOMContentLoaded', () => {
    const form = document.querySelector('#registration-form-submission-container');
    if (form) {
      watchEmail(form, document.querySelector('#walk-in-known'));
      watchAnswers(form);
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

  // Indico's component shows what the server refuses as a red field, and why only under the mouse. Its requests are the
  // only ones of the page by XMLHttpRequest, and those to the address of the form have the reasons in their answers.
  function watchAnswers(form) {
    form.addEventListener('submit', () => form.parentElement.dataset.sent = '', true);
    form.addEventListener('input', event => event.target.closest('.field')?.querySelector('.walk-in-refused')?.remove());
    const {open} = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.open = function(method, url, ...rest) {
      if (method.toUpperCase() === 'POST' && new URL(url, location.href).pathname
          === new URL(form.dataset.submitUrl, location.href).pathname) {
        // after the component has drawn the fields anew, as they were disabled meanwhile
        this.addEventListener('loadend', () => setTimeout(() => showRefusals(form, this), 100));
      }
      return open.call(this, method, url, ...rest);
    };
  }

  function showRefusals(form, request) {
    form.querySelectorAll('.walk-in-refused').forEach(old => old.remove());
    if (request.status !== 422) {
      return;
    }
    let errors = {};
    try {
      errors = JSON.parse(request.responseText).webargs_errors || {};
    } catch (error) {
      // not from our handler; the component has said what it is
    }
    const refused = Object.entries(errors).map(([name, texts]) => {
      const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
      const text = document.createElement('p');
      text.className = 'walk-in-refused';
      text.setAttribute('role', 'alert');
      text.textContent = [texts].flat(2).filter(part => typeof part === 'string').join(' ');
      const field = input && input.closest('.field');
      if (field) {
        field.append(text);
      } else {
        form.prepend(text);
      }
      return input || text;
    });
    if (refused.length) {
      refused[0].focus();
      refused[0].scrollIntoView({block: 'center'});
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
