// The dialog that shows a badge: another person or another printer puts another badge in its place.

(function() {
  'use strict';

  const TIMEOUT = 30000; // ms

  document.addEventListener('change', async event => {
    const dialog = event.target.closest('[data-preview]');
    if (!dialog) {
      return;
    }
    const which = new URLSearchParams();
    dialog.querySelectorAll('[name]').forEach(field => which.append(field.name, field.value));
    const part = dialog.querySelector('[data-part=badge]');
    part.setAttribute('aria-busy', 'true');
    const html = await load(`${dialog.dataset.preview}?${which}`);
    // the last choice counts
    const now = [...dialog.querySelectorAll('[name]')].every(field => which.get(field.name) === field.value);
    if (now) {
      part.removeAttribute('aria-busy');
      const fresh = html && new DOMParser().parseFromString(html, 'text/html').querySelector('[data-part=badge]');
      part.replaceChildren(...(fresh ? fresh.childNodes : [dialog.dataset.failed]));
    }
  });

  async function load(url) {
    try {
      const response = await fetch(url, {
        headers: {'X-Requested-With': 'XMLHttpRequest'}, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT),
      });
      return response.ok ? (await response.json()).html : '';
    } catch {
      // said in place of the picture
      return '';
    }
  }
})();
