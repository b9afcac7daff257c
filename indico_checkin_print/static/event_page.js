// The page 'Check-in printing': switches that save themselves.

(function() {
  'use strict';

  document.addEventListener('DOMContentLoaded', () => {
    if (document.querySelector('#checkin-print')) {
      $('.js-checkin-print-switch').ajaxCheckbox();
    }
  });
})();
