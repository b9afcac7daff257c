// Sends scans to Indico one after the other, in the order in which they were made, and loses none.
//
// What cannot be sent waits and is sent when the connection is back: those people went in, so they are to be checked in
// and get their badges. It waits in the memory of this page only, because codes of tickets are secrets.

(function() {
  'use strict';

  const TIMEOUT = 15000; // ms
  const MAX_WAITING = 200; // more are refused aloud
  const RETRY = [500, 1000, 2000, 5000]; // ms
  const REPEAT_WITHIN = 3000; // ms in which the same code is the same scan

  class Queue {
    // `send(scan, signal)` returns a promise of a `Response`; `onAnswer(scan, answer)`, `onState({waiting, problem})`
    // and `onRepeat(scan)` say what happens.
    constructor({send, renew, onAnswer, onState, onRepeat}) {
      Object.assign(this, {send, renew, onAnswer, onState, onRepeat});
      this.waiting = [];
      this.answered = new Map(); // key -> when
      this.failures = 0;
      this.problem = '';
      this.timer = null;
      this.busy = false;
      window.addEventListener('online', () => this.retry());
      window.addEventListener('beforeunload', event => {
        if (this.waiting.length) {
          event.preventDefault();
        }
      });
    }

    // Returns whether the scan was taken.
    add(scan) {
      const now = Date.now();
      this.answered.forEach((at, key) => now - at > REPEAT_WITHIN && this.answered.delete(key));
      if (this.answered.has(scan.key) || this.waiting.some(other => other.key === scan.key)) {
        this.onRepeat(scan);
        return true;
      }
      if (this.waiting.length >= MAX_WAITING) {
        return false;
      }
      this.waiting.push(scan);
      this.report();
      this.work();
      return true;
    }

    // The same code is another scan from now on.
    forget(key) {
      this.answered.delete(key);
    }

    retry() {
      clearTimeout(this.timer);
      this.timer = null;
      this.work();
    }

    async work() {
      if (this.busy || this.timer !== null) {
        return;
      }
      this.busy = true;
      while (this.waiting.length && this.timer === null) {
        const scan = this.waiting[0];
        const answer = await this.ask(scan);
        if (answer === null) {
          this.timer = setTimeout(() => this.retry(), RETRY[Math.min(this.failures, RETRY.length) - 1]);
          this.report();
        } else {
          this.waiting.shift();
          this.failures = 0;
          this.problem = '';
          this.answered.set(scan.key, Date.now());
          this.report();
          this.onAnswer(scan, answer);
        }
      }
      this.busy = false;
    }

    async ask(scan) {
      try {
        if (this.problem === 'refused') {
          // somebody may have logged in again, in another window
          await this.renew();
        }
        const response = await this.send(scan, AbortSignal.timeout(TIMEOUT));
        if (response.ok && (response.headers.get('Content-Type') || '').startsWith('application/json')) {
          return await response.json();
        }
        this.problem = response.status < 500 ? 'refused' : 'lost';
      } catch {
        // no connection, or no answer in time: the next try finds the person in, so nothing is done twice
        this.problem = 'lost';
      }
      this.failures += 1;
      return null;
    }

    report() {
      this.onState({waiting: this.waiting.length, problem: this.problem});
    }
  }

  window.CheckinPrintQueue = Queue;
})();
