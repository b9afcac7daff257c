// The page of a kiosk: scan, name, print, take the badge, and nothing of that person any more.
//
// What is known of the person before it is in `person` and in the parts of the page that `show` and `reset` empty; nothing
// of it goes to the history, to storage or to the address.

document.addEventListener('DOMContentLoaded', () => {
  'use strict';

  const SIGNS = {out: '✓', printing: '…', already_in: '!', called: '✓', unknown: '?', desk: '!', lost: '!'};
  const FOLLOW_INTERVAL = 700; // ms

  const root = document.getElementById('kiosk');
  const page = JSON.parse(root.dataset.page);
  const server = new window.CheckinPrintKioskServer(root.dataset.url);
  const part = name => root.querySelector(`[data-part=${name}]`);
  const handlers = page.handlers.map(({name, regex}) => {
    try {
      return {name, regex: new RegExp(regex)};
    } catch {
      return null; // a pattern that this browser does not know
    }
  }).filter(Boolean);

  let words = {};
  let person = null; // {} from a scan until the page is at the start again; {scan, follow} are its handles
  let timer = null;
  let stopCamera = null;

  // What is on the screen

  function show(panel, {seconds = 0, focus = 'h1'} = {}) {
    clearTimeout(timer);
    root.dataset.panel = panel;
    if (panel !== 'confirm') {
      // a name is nowhere in the page unless it is on the screen
      part('name').textContent = part('badges').textContent = '';
    }
    for (const section of root.querySelectorAll('[data-panel-name]')) {
      section.hidden = section.dataset.panelName !== panel;
    }
    root.querySelector(`[data-panel-name=${panel}] ${focus}`).focus({preventScroll: true});
    const bar = part('time');
    bar.getAnimations().forEach(animation => animation.cancel());
    if (seconds) {
      timer = setTimeout(reset, seconds * 1000);
      bar.animate([{width: '100%'}, {width: '0'}], {duration: seconds * 1000});
    }
  }

  function showAnswer({answer, word, sentence}, seconds) {
    root.dataset.answer = answer;
    part('sign').textContent = SIGNS[answer] || '!';
    part('word').textContent = word;
    part('sentence').textContent = sentence;
    show('answer', {seconds: seconds || page.seconds[answer] || page.seconds.answer});
  }

  // Takes away all that is on the screen, or known, of the last person.
  function reset() {
    person = null;
    for (const name of ['name', 'badges', 'sign', 'word', 'sentence', 'camera-message']) {
      part(name).textContent = '';
    }
    delete root.dataset.answer;
    speak(0);
    show('start');
  }

  function speak(number) {
    const language = page.languages[number];
    words = language.words;
    server.language = language.code;
    document.documentElement.lang = language.tag;
    document.documentElement.dir = language.direction;
    for (const element of root.querySelectorAll('[data-word]')) {
      element.textContent = words[element.dataset.word];
    }
    for (const element of root.querySelectorAll('[data-label]')) {
      element.setAttribute('aria-label', words[element.dataset.label]);
    }
    for (const button of root.querySelectorAll('[data-language]')) {
      button.setAttribute('aria-pressed', String(Number(button.dataset.language) === number));
    }
    if (root.dataset.panel === 'confirm' && person && person.badges) {
      part('badges').textContent = words.badges.replace('{}', person.badges);
    }
    showCameraWords();
  }

  // From a scan to a badge

  async function scanned({code, byPosition = ''}) {
    if (person && person.busy) {
      return; // the person before is being served
    }
    resetForNext();
    const mine = person = {busy: true};
    show('wait');
    const match = text => (handlers.find(({regex}) => regex.test(text)) || {name: ''}).name;
    const {status, data} = await server.ask('scan', {
      code, handler: match(code),
      by_position: byPosition === code ? '' : byPosition, handler_by_position: match(byPosition),
    });
    if (person !== mine) {
      return;
    }
    mine.busy = false;
    if (status !== 200) {
      fail(status, data, words.lost_sentence);
    } else if (data.answer === 'confirm') {
      mine.scan = data.handle;
      mine.badges = data.badges > 1 ? data.badges : 0;
      part('name').textContent = data.name;
      part('badges').textContent = mine.badges ? words.badges.replace('{}', mine.badges) : '';
      show('confirm', {seconds: page.seconds.confirm, focus: '[data-do=print]'});
    } else {
      showAnswer(data);
    }
  }

  // The language stays: it was chosen before the ticket was held out.
  function resetForNext() {
    const chosen = page.languages.findIndex(language => language.code === server.language);
    const choosing = root.dataset.panel === 'start';
    reset();
    speak(choosing ? chosen : 0);
  }

  async function print() {
    const mine = person;
    if (!mine || !mine.scan || mine.busy) {
      return;
    }
    mine.busy = true;
    show('wait');
    const {status, data} = await server.ask('print', {handle: mine.scan});
    if (person !== mine) {
      return;
    }
    mine.busy = false;
    mine.scan = '';
    if (status !== 200) {
      fail(status, data, words.lost_print);
      return;
    }
    showAnswer(data);
    if (data.handle) {
      mine.follow = data.handle;
      follow(mine);
    }
  }

  async function follow(mine) {
    const until = Date.now() + (page.seconds.printing - page.seconds.answer) * 1000;
    let shown = '';
    while (person === mine) {
      await new Promise(resolve => setTimeout(resolve, FOLLOW_INTERVAL));
      if (person !== mine) {
        return;
      }
      const {status, data} = await server.ask('badge', {handle: mine.follow});
      if (person !== mine) {
        return;
      }
      if (status === 200 && data.answer !== 'printing') {
        showAnswer(data);
        return;
      }
      if (status && status !== 200) {
        fail(status, data);
        return;
      }
      if (Date.now() > until) {
        showAnswer({answer: 'desk', word: words.slow, sentence: words.slow_sentence});
        return;
      }
      if (status === 200 && data.sentence !== shown) {
        // now the printer is known
        part('sentence').textContent = shown = data.sentence;
      }
    }
  }

  async function call() {
    const handle = person && person.follow || '';
    const mine = person = {busy: true};
    show('wait');
    const {status, data} = await server.ask('call', {handle});
    if (person !== mine) {
      return;
    }
    mine.busy = false;
    if (status === 200) {
      showAnswer(data);
    } else {
      fail(status, data, words.lost_sentence);
    }
  }

  function fail(status, data, lost) {
    if (status === 0) {
      showAnswer({answer: 'lost', word: words.lost, sentence: lost || words.lost_sentence});
    } else if (status === 401) {
      showAnswer({answer: 'desk', word: words.closed, sentence: words.closed_sentence});
    } else {
      showAnswer({answer: 'desk', word: words.sorry, sentence: data.message || words.sorry_sentence});
    }
  }

  // The camera

  function showCameraWords() {
    const on = Boolean(stopCamera);
    root.querySelector('[data-do=camera]').textContent = on ? words.camera_off : words.camera;
    part('start-sentence').textContent = on ? words.camera_sentence : words.start_sentence;
    root.classList.toggle('kiosk-camera', on);
    part('video').hidden = !on;
  }

  async function switchCamera() {
    if (stopCamera) {
      stopCamera();
      stopCamera = null;
    } else {
      part('camera-message').textContent = '';
      try {
        stopCamera = await window.CheckinPrintCamera.start(part('video'), page.vendor, code => {
          // while a name is on the screen its ticket is still before the camera
          if (root.dataset.panel === 'start') {
            scanned({code});
          }
        });
      } catch {
        part('camera-message').textContent = words.camera_failed;
      }
    }
    showCameraWords();
  }

  // Whether it is still paired, and up to date

  async function alive() {
    const {status, data} = await server.ask('alive');
    part('lost').textContent = status ? '' : words.lost;
    const idle = !person && !stopCamera;
    if (status === 401 || (status === 200 && data.version !== page.version && idle)) {
      location.reload();
      return;
    }
    setTimeout(alive, page.seconds.alive * 1000);
  }

  root.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) {
      return;
    }
    if (button.dataset.language) {
      speak(Number(button.dataset.language));
      if (root.dataset.panel === 'start') {
        // who chose it may have walked away
        show('start', {seconds: page.seconds.confirm});
        button.focus();
      }
      return;
    }
    ({print, back: reset, call, camera: switchCamera})[button.dataset.do]();
  });
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && person && !person.busy) {
      reset();
    }
  });
  // a page that the browser took out of its memory shows nobody
  window.addEventListener('pagehide', reset);

  window.CheckinPrintWedge.listen(scanned);
  window.CheckinPrintKioskLock.lock();
  reset();
  setTimeout(alive, page.seconds.alive * 1000);
  root.dataset.ready = '';
});
