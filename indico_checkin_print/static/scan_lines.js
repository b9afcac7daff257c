// The latest answers of the scan station: one line for each, newest on top.

(function() {
  'use strict';

  const MAX_LINES = 12;

  // Returns a function that adds the line of an answer; `box` is what is shown as soon as there is one.
  window.CheckinPrintLines = function({box, list, timezone, signs, words}) {
    return answer => {
      const line = document.createElement('li');
      line.dataset.tone = answer.tone;
      line.dataset.registration = answer.registration || '';
      const time = document.createElement('time');
      time.textContent = new Date().toLocaleTimeString([], {
        hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: timezone,
      });
      const sign = document.createElement('span');
      sign.className = 'scan-line-sign';
      sign.setAttribute('aria-hidden', 'true');
      sign.textContent = signs[answer.tone];
      const name = document.createElement('bdi');
      name.textContent = answer.name || words.nobody;
      const state = document.createElement('span');
      state.className = 'scan-line-state';
      state.textContent = answer.word;
      line.append(time, sign, name, state);
      list.prepend(line);
      while (list.children.length > MAX_LINES) {
        list.lastElementChild.remove();
      }
      box.hidden = false;
    };
  };
})();
