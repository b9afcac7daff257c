// The board of a desk: counts the seconds of badges that are on their way.

(function() {
  'use strict';

  document.addEventListener('DOMContentLoaded', () => {
    const board = document.querySelector('#board');
    if (!board) {
      return;
    }
    // the phone's clock may be wrong; only how much it differs counts
    const ahead = Date.now() / 1000 - board.dataset.now;
    const count = () => {
      for (const element of document.querySelectorAll('[data-since]')) {
        const seconds = Math.max(0, Math.round(Date.now() / 1000 - ahead - element.dataset.since));
        element.textContent = seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
      }
    };
    setInterval(count, 1000);
    document.addEventListener('checkin-print:updated', count);
    count();
    // a page that comes out of the browser's cache may show what is no longer so
    window.addEventListener('pageshow', event => event.persisted && location.reload());
  });
})();
