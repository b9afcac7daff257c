// The dialog in which somebody changes one badge for one print. Scans are answered meanwhile, and it says how.

(function() {
  'use strict';

  const TIMEOUT = 15000; // ms

  // Returns {open(url, person), note(text)}. `post(url, data, signal)` sends a form; `onPrinted(answer)` and `onClose()`
  // are called when that happens.
  window.CheckinPrintEdit = function({dialog, post, words, onPrinted, onClose}) {
    const form = () => dialog.querySelector('form');
    const field = name => form().elements.namedItem(name);
    let url = '';
    let latest = 0;
    let shown = 0; // counts what the picture of the badge was asked for

    async function open(where, person) {
      url = where;
      dialog.innerHTML = '<form method="dialog"><h2 id="edit-print-title"></h2><p role="status"></p>'
        + '<button class="i-button big" autofocus></button></form>';
      dialog.querySelector('h2').textContent = words.edit;
      dialog.querySelector('p').textContent = words.loading;
      dialog.querySelector('button').textContent = words.cancel;
      dialog.showModal();
      await load(new URLSearchParams({person}));
    }

    // Puts the dialog for a person and a template in place; what was typed before is kept.
    async function load(which) {
      const number = ++latest;
      let html = '';
      try {
        const response = await fetch(`${url}?${which}`, {
          headers: {'X-Requested-With': 'XMLHttpRequest'}, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT),
        });
        html = response.ok ? await response.text() : '';
      } catch {
        // said below
      }
      if (number !== latest) {
        return;
      }
      // only now: somebody may have typed and chosen until the answer came
      const typed = new Map([...dialog.querySelectorAll('[data-original]')]
        .filter(input => input.value !== input.dataset.original).map(input => [input.name, input.value]));
      const chosen = [...dialog.querySelectorAll('[name=printer]:checked')].map(input => input.value);
      const copies = dialog.querySelector('[name=copies]');
      const [was, focused] = [copies && copies.value, document.activeElement && document.activeElement.id];
      if (!html.includes('data-edit-print')) {
        // logged out, or no connection
        html = '<form method="dialog"><h2 id="edit-print-title"></h2><button class="i-button big"></button></form>';
        dialog.innerHTML = html;
        dialog.querySelector('h2').textContent = words.edit_failed;
        dialog.querySelector('button').textContent = words.close;
      } else {
        dialog.innerHTML = html;
        typed.forEach((value, name) => field(name) && (field(name).value = value));
        dialog.querySelectorAll('[name=printer]').forEach(input => input.checked = chosen.length
          ? chosen.includes(input.value) : input.checked);
        if (was && field('copies')) {
          field('copies').value = was;
        }
      }
      // by its attribute a browser focuses only what is there when the dialog opens
      const next = (focused && document.getElementById(focused)) || dialog.querySelector('[autofocus]')
        || dialog.querySelector('button, input:not([type=hidden])');
      next.focus();
    }

    // a picture is that of the form as it was
    function forgetPicture() {
      const part = dialog.querySelector('[data-part=edit-shown]');
      shown += 1;
      if (part) {
        part.replaceChildren();
      }
    }

    dialog.addEventListener('input', forgetPicture);

    dialog.addEventListener('change', event => {
      forgetPicture();
      if (event.target.matches('[data-reload]')) {
        const data = new FormData(form());
        load(new URLSearchParams({person: data.get('person') || '', template: data.get('template') || ''}));
      }
    });

    dialog.addEventListener('click', event => {
      if (event.target.closest('[data-close]')) {
        dialog.close();
      }
    });

    dialog.addEventListener('click', async event => {
      const button = event.target.closest('[data-show]');
      if (!button || button.getAttribute('aria-disabled') === 'true') {
        return;
      }
      const number = latest;
      const asked = ++shown;
      button.setAttribute('aria-disabled', 'true');
      const data = new FormData(form());
      data.append('show', '1');
      const result = await send(data, words.show_failed);
      if (number !== latest) {
        return;
      }
      button.removeAttribute('aria-disabled');
      if (asked !== shown) {
        return;
      }
      if (result.problems.length) {
        showProblems(result.problems);
      } else {
        showBadge(result);
      }
    });

    // Returns the answer to the form, or one that says `failed`.
    async function send(data, failed) {
      try {
        const response = await post(url, data, AbortSignal.timeout(TIMEOUT));
        if (response.ok) {
          return await response.json();
        }
      } catch {
        // said by the problem
      }
      return {printed: false, problems: [{field: '', text: failed}]};
    }

    function showBadge({notes, pages, width_mm: width}) {
      dialog.querySelector('[role=alert]').hidden = true;
      clearMarks();
      const part = dialog.querySelector('[data-part=edit-shown]');
      part.replaceChildren(...notes.map(note => {
        const line = document.createElement('p');
        line.textContent = note;
        return line;
      }), ...pages.flatMap(({url, times}) => {
        const picture = document.createElement('img');
        Object.assign(picture, {src: url, alt: part.dataset.alt});
        picture.style.setProperty('--width-mm', width);
        const copies = document.createElement('p');
        copies.textContent = times;
        return times ? [picture, copies] : [picture];
      }));
      part.scrollIntoView({block: 'nearest'});
    }

    dialog.addEventListener('submit', async event => {
      if (!event.target.matches('[data-edit-print]')) {
        return;
      }
      event.preventDefault();
      const button = dialog.querySelector('[type=submit]');
      if (button.disabled) {
        return;
      }
      button.disabled = true;
      const result = await send(new FormData(form()), words.print_failed);
      if (result.printed) {
        dialog.close();
        onPrinted(result);
      } else {
        button.disabled = false;
        showProblems(result.problems);
      }
    });

    function clearMarks() {
      dialog.querySelectorAll('[aria-invalid]').forEach(input => input.removeAttribute('aria-invalid'));
    }

    function showProblems(problems) {
      clearMarks();
      const box = dialog.querySelector('[role=alert]');
      box.hidden = false;
      box.replaceChildren(...problems.map(({field: name, text}) => {
        const line = document.createElement('div');
        const input = name && field(name);
        const label = input && input.labels && input.labels[0];
        line.textContent = label ? `${label.textContent.trim()}: ${text}` : text;
        if (input) {
          input.setAttribute('aria-invalid', 'true');
        }
        return line;
      }));
      const wrong = dialog.querySelector('[aria-invalid]');
      (wrong || box).focus();
    }

    dialog.addEventListener('close', () => {
      latest += 1;
      // nothing of the person stays
      dialog.replaceChildren();
      onClose();
    });

    // Says what became of a scan while the dialog is open.
    function note(text) {
      const box = dialog.open && dialog.querySelector('[data-part=edit-note]');
      if (box) {
        box.textContent = text;
        box.closest('p').hidden = false;
      }
    }

    return {open, note};
  };
})();
