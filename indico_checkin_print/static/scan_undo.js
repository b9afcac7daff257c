// The button that takes a check-in back, for some seconds after it.

(function() {
  'use strict';

  const UNDO_SECONDS = 10;
  const TIMEOUT = 15000; // ms

  // Returns a function that offers it for an answer with the time of its check-in, and hides it for all others.
  // `post(url, data, signal)` sends a form, `getScan()` returns the scan whose answer is on the screen, `hide(button)`
  // hides a button that may have the focus, `onUndone(scan, result)` is called with what Indico said.
  window.CheckinPrintUndo = function({button, seconds, url, words, post, getScan, hide, onUndone}) {
    let timer = null;

    function offer(answer) {
      clearInterval(timer);
      let left = UNDO_SECONDS;
      seconds.textContent = left;
      if (!answer.checked_in_dt) {
        hide(button);
        return;
      }
      button.hidden = false;
      timer = setInterval(() => {
        left -= 1;
        seconds.textContent = left;
        if (left <= 0) {
          clearInterval(timer);
          hide(button);
        }
      }, 1000);
    }

    button.addEventListener('click', async () => {
      const scan = getScan();
      clearInterval(timer);
      hide(button);
      const {registration, checked_in_dt} = scan.answer; // eslint-disable-line camelcase
      let result = {undone: false, sentence: words.undo_failed};
      try {
        const response = await post(url, {registration, checked_in_dt}, AbortSignal.timeout(TIMEOUT));
        if (response.ok) {
          result = await response.json();
        }
      } catch {
        // said by the sentence
      }
      onUndone(scan, result.undone ? {tone: 'note', answer: 'undone', registration, ...result, name: scan.answer.name}
        : {tone: 'stop', answer: 'not_undone', word: words.not_undone, ...result, name: scan.answer.name});
    });

    return offer;
  };
})();
