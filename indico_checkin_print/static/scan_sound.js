// The sound of an answer, which can be switched off; the browser remembers that.

(function() {
  'use strict';

  // pairs of Hz and seconds
  const TONES = {good: [[660, 0.09], [990, 0.14]], note: [[520, 0.18]], stop: [[200, 0.16], [0, 0.06], [200, 0.24]]};
  const KEY = 'checkin-print-muted';

  // Returns `{wake, play}`; `button` switches it on and off.
  window.CheckinPrintSound = function(button) {
    let audio = null;
    let muted = localStorage.getItem(KEY) === '1';

    // browsers play nothing before somebody has touched the page
    function wake() {
      if (!muted && 'AudioContext' in window) {
        audio = audio || new AudioContext();
        audio.resume();
      }
    }

    function play(tone) {
      if (muted || !audio) {
        return;
      }
      let at = audio.currentTime + 0.01;
      for (const [pitch, seconds] of TONES[tone]) {
        if (pitch) {
          const oscillator = audio.createOscillator();
          const volume = audio.createGain();
          oscillator.type = tone === 'stop' ? 'square' : 'sine';
          oscillator.frequency.value = pitch;
          volume.gain.setValueAtTime(0.2, at);
          volume.gain.exponentialRampToValueAtTime(0.001, at + seconds);
          oscillator.connect(volume).connect(audio.destination);
          oscillator.start(at);
          oscillator.stop(at + seconds);
        }
        at += seconds;
      }
    }

    button.setAttribute('aria-pressed', String(!muted));
    button.addEventListener('click', () => {
      muted = !muted;
      localStorage.setItem(KEY, muted ? '1' : '0');
      button.setAttribute('aria-pressed', String(!muted));
      wake();
      play('good');
    });
    return {wake, play};
  };
})();
