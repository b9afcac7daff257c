// The page 'Check-in printing': switches that save themselves, and the dialog that waits for a computer to connect.

(function() {
  'use strict';

  document.addEventListener('DOMContentLoaded', () => {
    if (document.querySelector('#checkin-print')) {
      $('.js-checkin-print-switch').ajaxCheckbox();
    }
  });

  // the parts of the page that stay up to date say which pairing a connected computer has
  document.addEventListener('checkin-print:updated', ({detail: {fresh}}) => {
    const status = document.querySelector('#checkin-print-pairing');
    const paired = status && fresh.querySelector(`#${status.dataset.of} [data-pairing]`);
    if (paired && paired.dataset.pairing !== status.dataset.pairing) {
      status.textContent = status.dataset.connected;
      status.classList.add('success');
    }
  });
})();
