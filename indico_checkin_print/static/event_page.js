// The page 'Check-in printing': switches that save themselves, and parts that stay up to date.
//
// Every element with `data-live` exists on the page and in the answer of the live URL, under the same id. What differs
// is replaced. Without this script the page works as well; it only has to be reloaded.

(function() {
  'use strict';

  const INTERVAL = 3000; // milliseconds
  const MAX_FAILURES = 5;

  document.addEventListener('DOMContentLoaded', () => {
    const page = document.querySelector('#checkin-print');
    if (!page) {
      return;
    }
    $('.js-checkin-print-switch').ajaxCheckbox();
    stayUpToDate(page);
  });

  function stayUpToDate(page) {
    let failures = 0;
    let timer = null;
    let busy = false;

    async function refresh() {
      timer = null;
      if (document.hidden || busy) {
        return;
      }
      busy = true;
      try {
        const response = await fetch(page.dataset.liveUrl, {
          headers: {'X-Requested-With': 'XMLHttpRequest'},
          credentials: 'same-origin',
        });
        // a redirect leads to the login page
        if (!response.ok || response.redirected) {
          throw new Error(`HTTP ${response.status}`);
        }
        update(new DOMParser().parseFromString(await response.text(), 'text/html'));
        failures = 0;
      } catch (error) {
        failures++;
      }
      busy = false;
      if (failures >= MAX_FAILURES) {
        announce(page.dataset.liveLost);
      } else {
        schedule();
      }
    }

    function schedule() {
      timer = timer || setTimeout(refresh, INTERVAL * 2 ** failures);
    }

    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && failures < MAX_FAILURES) {
        clearTimeout(timer);
        refresh();
      }
    });
    schedule();
  }

  function update(fresh) {
    const before = latestChange(document);
    for (const part of fresh.querySelectorAll('[data-live]')) {
      const old = document.getElementById(part.id);
      if (old && old.innerHTML.trim() !== part.innerHTML.trim()) {
        replace(old, part);
      }
    }
    const after = latestChange(document);
    if (after && (!before || after.dataset.changed > before.dataset.changed)) {
      announce(after.dataset.news);
    }
  }

  // Replaces the content of a part; the button that has the focus keeps it.
  function replace(old, part) {
    const focused = old.contains(document.activeElement) && selectorOf(document.activeElement);
    old.innerHTML = part.innerHTML;
    const same = focused && old.querySelector(focused);
    if (same) {
      same.focus();
    }
  }

  // Returns what finds a button again: where it goes.
  function selectorOf(button) {
    const form = button.closest('form');
    if (form) {
      return `form[action="${CSS.escape(form.getAttribute('action'))}"] button`;
    }
    const attribute = ['data-href', 'href'].find(name => button.hasAttribute(name));
    return attribute && `[${attribute}="${CSS.escape(button.getAttribute(attribute))}"]`;
  }

  function latestChange(root) {
    const rows = [...root.querySelectorAll('[data-job]')];
    return rows.reduce((a, b) => (!a || b.dataset.changed > a.dataset.changed ? b : a), null);
  }

  function announce(text) {
    const news = document.querySelector('#checkin-print-news');
    if (news.textContent !== text) {
      news.textContent = text;
    }
  }
})();
