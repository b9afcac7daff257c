// The contact sheet: asks for the pictures of badges, a few at a time, as they come into view.

(function() {
  'use strict';

  const TIMEOUT = 60000; // ms

  document.addEventListener('DOMContentLoaded', () => {
    const sheet = document.querySelector('.contact-sheet');
    const progress = document.querySelector('[data-part=progress]');
    const size = Number(sheet.dataset.partSize);
    const wanted = []; // starts of parts, those that came into view first
    let running = null;
    let failed = false;

    // One request at a time, so that this page takes one of the web workers at most.
    function run() {
      running = running || (async () => {
        while (wanted.length) {
          await load(wanted.shift());
        }
        running = null;
      })();
      return running;
    }

    function want(start) {
      if (!wanted.includes(start) && sheet.querySelector(`[data-index="${start}"][data-waits]`)) {
        wanted.push(start);
      }
    }

    async function load(start) {
      let html = '';
      try {
        const response = await fetch(`${sheet.dataset.url}&start=${start}`, {
          headers: {'X-Requested-With': 'XMLHttpRequest'}, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT),
        });
        html = response.ok && !response.redirected ? await response.text() : '';
      } catch {
        // said below
      }
      const fresh = new DOMParser().parseFromString(html, 'text/html').querySelectorAll('figure');
      failed = failed || !fresh.length;
      fresh.forEach(figure => {
        const place = sheet.querySelector(`[data-index="${figure.dataset.index}"]`);
        watcher.unobserve(place);
        place.replaceWith(figure);
      });
      say();
    }

    function say() {
      const shown = sheet.querySelectorAll('figure:not([data-waits])').length;
      const problems = sheet.querySelectorAll('figure.problem').length;
      const words = progress.dataset.shown.replace('{}', shown).replace('{!}', problems);
      progress.textContent = failed ? `${words} ${progress.dataset.failed}` : words;
    }

    const watcher = new IntersectionObserver(entries => {
      entries.filter(entry => entry.isIntersecting).forEach(({target}) => {
        want(Math.floor(Number(target.dataset.index) / size) * size);
      });
      run();
    }, {rootMargin: '400px'});
    const places = [...sheet.querySelectorAll('figure')];
    places.forEach(place => watcher.observe(place));

    async function loadAll(button) {
      button.setAttribute('aria-disabled', 'true');
      for (let start = 0; start < places.length; start += size) {
        want(start);
      }
      await run();
      button.removeAttribute('aria-disabled');
    }

    document.querySelector('[data-load-all]').addEventListener('click', event => loadAll(event.target));
    document.querySelector('[data-print]').addEventListener('click', async event => {
      await loadAll(event.target);
      window.print();
    });
    document.querySelector('[data-problems]').addEventListener('change', event => {
      sheet.classList.toggle('only-problems', event.target.checked);
    });
  });
})();
