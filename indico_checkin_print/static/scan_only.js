// "Check in only": whether the scans of this browser print no badges, which it remembers for the event.

(function() {
  'use strict';

  // Returns a function that says so; `button` switches it, `show(isOn)` is called at once and with each change.
  // Without a button, as where the event lets scan stations print nothing, it is off.
  window.CheckinPrintScanOnly = function({button, event, show}) {
    const key = `checkin-print-scan-only-${event}`;
    let isOn = !!button && localStorage.getItem(key) === '1';

    function set(value) {
      isOn = value;
      localStorage.setItem(key, isOn ? '1' : '0');
      button.setAttribute('aria-pressed', String(isOn));
      show(isOn);
    }

    if (button) {
      set(isOn);
      button.addEventListener('click', () => set(!isOn));
    }
    return () => isOn;
  };
})();
