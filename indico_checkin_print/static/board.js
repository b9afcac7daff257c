// The board of a desk: counts the seconds of badges that are on their way, and lets the relay push what changes.
//
// The page asks Indico for a ticket and opens a websocket to the relay with it. Each message says how the board looks, or
// that it is as it was: the relay says something every few seconds, so silence means that the link is dead, whatever the
// browser believes. Meanwhile, and where no relay runs, `live.js` asks Indico.

(function() {
  'use strict';

  const PROTOCOL = 'checkin-print-board';
  const SILENCE = 9000; // all times in milliseconds
  const NO_RELAY_INTERVAL = 30000;
  const MIN_BACKOFF = 1000;
  const MAX_BACKOFF = 30000;
  const OPEN_TIMEOUT = 10000;
  const SLEPT = 5000;
  const SPREAD = 500;
  const NEW_TICKET = 4100;

  let board = null;
  let ahead = 0;
  let link = null;
  let heard = 0;
  let version = null;
  let failures = 0;
  let timer = null;
  let connecting = false;
  let ticked = Date.now();

  document.addEventListener('DOMContentLoaded', () => {
    board = document.querySelector('#board');
    if (!board) {
      return;
    }
    // the phone's clock may be wrong; only how much it differs counts
    ahead = Date.now() / 1000 - board.dataset.now;
    document.addEventListener('checkin-print:updated', count);
    document.addEventListener('visibilitychange', () => document.hidden || wake());
    window.addEventListener('online', wake);
    window.addEventListener('offline', () => link && lost());
    // a page that comes out of the browser's cache may show what is no longer so
    window.addEventListener('pageshow', event => event.persisted && location.reload());
    setInterval(tick, 1000);
    count();
    connect();
  });

  function count() {
    for (const element of document.querySelectorAll('[data-since]')) {
      const seconds = Math.max(0, Math.round(Date.now() / 1000 - ahead - element.dataset.since));
      element.textContent = seconds < 120
        ? board.dataset.seconds.replace('{}', seconds)
        : board.dataset.minutes.replace('{}', Math.floor(seconds / 60));
    }
  }

  function tick() {
    const now = Date.now();
    // timers stand still while a computer sleeps, and its clock may be set
    const slept = Math.abs(now - ticked) > SLEPT;
    ticked = now;
    count();
    if (link && Math.abs(now - heard) > SILENCE) {
      lost();
    }
    if (slept && !document.hidden) {
      wake();
    }
  }

  // Somebody looks again, or the network is back: no waiting for the next try.
  function wake() {
    if (link ? Math.abs(Date.now() - heard) > SILENCE / 2 : !connecting) {
      failures = 0;
      lost(0);
    }
  }

  // The link is dead, or there is none: try again after some time.
  function lost(wait = backoff()) {
    if (link) {
      const old = link;
      link = null;
      old.onmessage = old.onclose = null;
      old.close();
    }
    window.CheckinPrint.setPushed(false);
    clearTimeout(timer);
    timer = setTimeout(connect, wait);
  }

  function backoff() {
    // at random, so that all boards of a conference do not come back together
    const most = Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** failures);
    failures = Math.min(failures + 1, 10);
    return most * (0.5 + Math.random() / 2);
  }

  async function connect() {
    if (connecting || link) {
      return;
    }
    connecting = true;
    try {
      const response = await fetch(board.dataset.ticketUrl, {
        headers: {'Accept': 'application/json', 'X-Requested-With': 'XMLHttpRequest'},
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.timeout(OPEN_TIMEOUT),
      });
      if (!response.ok || response.redirected) {
        throw new Error(`HTTP ${response.status}`);
      }
      const {url, ticket} = await response.json();
      connecting = false;
      if (url) {
        open(url, ticket);
      } else {
        lost(NO_RELAY_INTERVAL * (0.5 + Math.random()));
      }
    } catch (error) {
      // live.js says at the top of the page that there is no connection
      connecting = false;
      lost();
    }
  }

  function open(url, ticket) {
    let websocket;
    try {
      websocket = new WebSocket(url, [PROTOCOL, `ticket.${ticket}`]);
    } catch (error) {
      // the browser forbids this address, such as ws: on a page with https:
      lost(MAX_BACKOFF);
      return;
    }
    link = websocket;
    heard = Date.now();
    websocket.onmessage = event => receive(websocket, JSON.parse(event.data));
    websocket.onclose = event => {
      if (link === websocket) {
        failures = event.code === NEW_TICKET ? 0 : failures;
        lost(event.code === NEW_TICKET ? Math.random() * MIN_BACKOFF : undefined);
        window.CheckinPrint.refresh();
      }
    };
  }

  function receive(websocket, message) {
    if (link !== websocket) {
      return;
    }
    heard = Date.now();
    failures = 0;
    window.CheckinPrint.setPushed(true);
    if (message.html !== undefined) {
      window.CheckinPrint.pushed(message.html);
    } else if (message.version === version) {
      window.CheckinPrint.pushed(null);
    } else {
      // what this page may show is not for the relay to say
      setTimeout(() => window.CheckinPrint.refresh(), Math.random() * SPREAD);
    }
    version = message.version;
  }
})();
