// Rings on the page 'Check-in printing' while a desk calls the tech and nobody has answered, where that was chosen.

(function() {
  'use strict';

  const RING_INTERVAL = 6000; // milliseconds
  const CHOICE = 'checkin-print-ring';
  const known = new Set();
  let context = null;

  document.addEventListener('DOMContentLoaded', () => {
    const choice = document.querySelector('#checkin-print-ring');
    if (!choice || !window.AudioContext) {
      return;
    }
    choice.closest('[hidden]').hidden = false;
    try {
      choice.checked = localStorage.getItem(CHOICE) === '1';
    } catch (error) {
      // the browser keeps nothing: it is chosen for this page only
    }
    choice.addEventListener('change', () => {
      try {
        localStorage.setItem(CHOICE, choice.checked ? '1' : '0');
      } catch (error) {
        // see above
      }
      apply(choice);
      if (choice.checked) {
        ring(); // so that one knows how it sounds
      }
    });
    // browsers are silent until somebody has touched the page
    document.addEventListener('pointerdown', () => context && context.resume());
    document.addEventListener('keydown', () => context && context.resume());
    apply(choice);
    setInterval(() => choice.checked && document.querySelector('[data-unanswered]') && ring(), RING_INTERVAL);
    document.addEventListener('checkin-print:updated', () => newCalls(choice));
    newCalls(choice);
  });

  function apply(choice) {
    if (choice.checked && !context) {
      context = new AudioContext();
    }
    if (window.CheckinPrint) {
      window.CheckinPrint.inBackground = choice.checked;
    }
  }

  function newCalls(choice) {
    for (const call of document.querySelectorAll('[data-call]')) {
      if (!known.has(call.dataset.call)) {
        known.add(call.dataset.call);
        if (window.CheckinPrint) {
          window.CheckinPrint.announce(call.dataset.news);
        }
        if (choice.checked && 'unanswered' in call.dataset) {
          ring();
        }
      }
    }
  }

  function ring() {
    if (!context) {
      return;
    }
    [880, 660, 880].forEach((frequency, number) => {
      const tone = context.createOscillator();
      const volume = context.createGain();
      const start = context.currentTime + number * 0.25;
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.3, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.24);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    });
  }
})();
