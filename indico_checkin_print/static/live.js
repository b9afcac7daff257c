// Parts of a page that stay up to date, and what the page says when it cannot be.
//
// Every element with `data-live` exists on the page and in the answer of the live URL, under the same id. What differs
// is replaced. Without this script the page works as well; it only has to be reloaded.
//
// A computer at a desk sleeps and its network comes and goes, so this retries for ever. While it fails, the notice at
// the top says how old the page is, by the clock and not by counted tries, because timers stand still in a sleep.

(function() {
  'use strict';

  const INTERVAL = 3000; // all times in milliseconds
  const MAX_INTERVAL = 10000;
  const PUSHED_INTERVAL = 300000;
  const REQUEST_TIMEOUT = 10000;
  const OLD_AFTER = 10000;

  const known = new WeakMap(); // part -> its HTML as the server sent it; scripts may add to what is shown
  let root = null;
  let timer = null;
  let running = null;
  let outdated = false;
  let failures = 0;
  let problem = '';
  let freshAt = Date.now();
  let etag = null;
  let interval = INTERVAL;

  document.addEventListener('DOMContentLoaded', () => {
    root = document.querySelector('[data-live-url]');
    if (!root) {
      return;
    }
    window.CheckinPrint = {refresh, announce, pushed, setPushed, inBackground: false};
    if ('liveOnce' in root.dataset) {
      return; // refreshed after actions only
    }
    document.addEventListener('visibilitychange', wake);
    for (const event of ['online', 'focus', 'pageshow']) {
      window.addEventListener(event, wake);
    }
    window.addEventListener('offline', wake);
    setInterval(showAge, 1000);
    schedule();
  });

  function wake() {
    if (!document.hidden) {
      showAge();
      refresh();
    }
  }

  function schedule() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (document.hidden && !window.CheckinPrint.inBackground) {
        schedule();
      } else {
        refresh();
      }
      // at random, so that many pages do not ask together when Indico is back
    }, Math.max(interval, Math.min(INTERVAL * 2 ** failures, MAX_INTERVAL) * (failures ? 0.5 + Math.random() : 1)));
  }

  // Asks now; what was asked for while an answer was under way is asked for once more after it.
  function refresh() {
    if (running) {
      outdated = true;
      return running;
    }
    running = (async () => {
      do {
        outdated = false;
        await ask();
      } while (outdated);
      running = null;
      showAge();
      if (!('liveOnce' in root.dataset)) {
        schedule();
      }
    })();
    return running;
  }

  async function ask() {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), REQUEST_TIMEOUT);
    let why = 'lost';
    try {
      const response = await fetch(root.dataset.liveUrl, {
        headers: {'X-Requested-With': 'XMLHttpRequest', ...(etag && {'If-None-Match': etag})},
        credentials: 'same-origin',
        cache: 'no-store',
        signal: abort.signal,
      });
      // a redirect leads to the login page
      if (response.redirected || [401, 403, 404].includes(response.status)) {
        why = 'refused';
      }
      if (response.status !== 304 && (!response.ok || response.redirected)) {
        throw new Error(`HTTP ${response.status}`);
      }
      const html = response.status === 304 ? null : await response.text();
      pushed(html);
      etag = response.headers.get('ETag');
    } catch (error) {
      // whatever it was, the notice at the top says so and the next try follows
      problem = why;
      failures = Math.min(failures + 1, 5);
    } finally {
      clearTimeout(limit);
    }
  }

  // Indico says how the page looks now, or that it is as it was; only that when `html` is `null`.
  function pushed(html) {
    failures = 0;
    problem = '';
    freshAt = Date.now();
    if (html !== null) {
      etag = null;
      update(new DOMParser().parseFromString(html, 'text/html'));
    }
  }

  // While changes are pushed the page need not ask.
  function setPushed(isPushed) {
    interval = isPushed ? PUSHED_INTERVAL : INTERVAL;
    schedule();
  }

  function showAge() {
    const notice = document.querySelector('#checkin-print-connection');
    const age = Date.now() - freshAt;
    const isOld = age > OLD_AFTER || failures > 1 || !navigator.onLine;
    if (!notice || 'liveOnce' in root.dataset) {
      return;
    }
    if (isOld) {
      const text = problem === 'refused' ? notice.dataset.refused : notice.dataset.lost;
      notice.querySelector('[data-text]').textContent = text.replace('{}', inWords(notice, age));
    }
    if (notice.hidden === isOld) {
      notice.hidden = !isOld;
      root.classList.toggle('checkin-print-old', isOld);
      // said once, and not every second
      announce(isOld ? notice.querySelector('[data-text]').textContent : notice.dataset.back);
    }
  }

  function inWords(notice, age) {
    const seconds = Math.round(age / 1000);
    return seconds < 120
      ? notice.dataset.seconds.replace('{}', seconds)
      : notice.dataset.minutes.replace('{}', Math.floor(seconds / 60));
  }

  function update(fresh) {
    if (isOlder(fresh)) {
      return;
    }
    const before = latestChange(document);
    const focusAgain = [];
    for (const part of fresh.querySelectorAll('[data-live]')) {
      const old = document.getElementById(part.id);
      const html = part.innerHTML.trim();
      if (old && (known.get(old) ?? old.innerHTML.trim()) !== html) {
        focusAgain.push(replace(old, part));
        known.set(old, html);
      }
    }
    // a row may have moved to a part that was replaced later
    focusAgain.forEach(again => again());
    const after = latestChange(document);
    if (after && (!before || after.dataset.changed > before.dataset.changed)) {
      announce(after.dataset.news);
    }
    document.dispatchEvent(new CustomEvent('checkin-print:updated', {detail: {fresh}}));
  }

  // Replaces the content of a part. Returns a function that returns the focus to the control that had it; one that is
  // gone leaves it to its row.
  function replace(old, part) {
    const active = document.activeElement;
    const hadFocus = old.contains(active);
    const selector = hadFocus && selectorOf(active);
    const row = hadFocus && active.closest('[data-answer]');
    const open = [...old.querySelectorAll('details[open][id]')].map(details => details.id);
    old.innerHTML = part.innerHTML;
    for (const id of open) {
      old.querySelector(`details#${CSS.escape(id)}`)?.setAttribute('open', '');
    }
    for (const {name, value} of part.attributes) {
      if (name.startsWith('data-')) {
        old.setAttribute(name, value);
      }
    }
    return () => {
      if (hadFocus) {
        const host = row && document.getElementById(row.id);
        focus((selector && old.querySelector(selector)) || (host && host.querySelector('button, a[href], summary'))
          || host || old);
      }
    };
  }

  function focus(element) {
    if (!element.matches('button, a[href], input, select, summary')) {
      element.setAttribute('tabindex', '-1');
    }
    element.focus({preventScroll: true});
  }

  // Returns what finds a control again: where it goes.
  function selectorOf(control) {
    if (control.matches('summary') && control.parentElement.id) {
      return `#${CSS.escape(control.parentElement.id)} > summary`;
    }
    if (control.hasAttribute('formaction')) {
      return `[formaction="${CSS.escape(control.getAttribute('formaction'))}"][value="${CSS.escape(control.value)}"]`;
    }
    const form = control.closest('form');
    if (form && form.id !== 'jobs-chosen') {
      return `form[action="${CSS.escape(form.getAttribute('action'))}"] button`;
    }
    const attribute = ['data-href', 'href'].find(name => control.hasAttribute(name));
    return attribute && `[${attribute}="${CSS.escape(control.getAttribute(attribute))}"]`;
  }

  function latestChange(within) {
    const rows = [...within.querySelectorAll('[data-job]')];
    return rows.reduce((a, b) => (!a || b.dataset.changed > a.dataset.changed ? b : a), null);
  }

  // What the relay pushes and what Indico answers may overtake each other; no job goes back in time.
  function isOlder(fresh) {
    return [...fresh.querySelectorAll('[data-job]')].some(row => {
      const shown = document.querySelector(`[data-job="${CSS.escape(row.dataset.job)}"]`);
      return shown && row.dataset.changed < shown.dataset.changed;
    });
  }

  // What a screen reader says without being asked; the lists change too often for that.
  function announce(text) {
    const news = document.querySelector('#checkin-print-news');
    if (news && text && news.textContent !== text) {
      news.textContent = text;
    }
  }
})();
