// What the page of a kiosk asks Indico. The token is in a cookie that this script cannot read.

(function() {
  'use strict';

  const TIMEOUT = 15000; // ms

  class KioskServer {
    constructor(url) {
      this.url = url;
      this.language = '';
    }

    // Returns {status, data}; the status is 0 if there was no answer.
    async ask(what, data = {}) {
      try {
        const response = await fetch(this.url + what, {
          method: 'POST', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT), body: JSON.stringify(data),
          headers: {
            'Content-Type': 'application/json', 'X-Checkin-Print-Kiosk': '1',
            'X-Checkin-Print-Language': this.language,
          },
        });
        const text = await response.text();
        try {
          return {status: response.status, data: JSON.parse(text)};
        } catch {
          // the page of a proxy, or of an Indico that is being restarted
          return {status: response.status >= 500 ? 0 : response.status, data: {}};
        }
      } catch {
        return {status: 0, data: {}};
      }
    }
  }

  window.CheckinPrintKioskServer = KioskServer;
})();
