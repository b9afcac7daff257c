// The page of the scan station: what scanner, camera and search find goes into one queue; each answer is shown, said
// and heard, and followed until the badge is out.

document.addEventListener('DOMContentLoaded', () => {
  'use strict';

  const EDITABLE = new Set(['welcome', 'already_in', 'edited']); // answers about somebody who is in
  const SIGNS = {good: '✓', note: '!', stop: '✕', wait: '…'};

  const root = document.getElementById('scan');
  const words = JSON.parse(root.dataset.words);
  const handlers = JSON.parse(root.dataset.handlers).map(({name, regex}) => {
    try {
      return {name, regex: new RegExp(regex)};
    } catch {
      return null; // a pattern that this browser does not know: Indico's app could not read its codes either
    }
  }).filter(Boolean);
  const part = name => root.querySelector(`[data-part=${name}]`);
  let shown = null; // the scan whose answer is on the screen
  const sound = window.CheckinPrintSound(part('sound'));
  const addLine = window.CheckinPrintLines({
    box: part('history'), list: part('lines'), timezone: root.dataset.timezone, signs: SIGNS, words,
  });
  const checkInOnly = window.CheckinPrintScanOnly({
    button: part('only'), event: root.dataset.event,
    show: isOn => {
      part('desk').hidden = isOn;
      part('only-note').hidden = !isOn;
    },
  });
  const badges = window.CheckinPrintBadges({
    url: root.dataset.badgesUrl, list: part('badges'), actions: part('actions'), news: part('news'),
    lines: part('lines'), words, post, renew, keepFocus,
    isShown: scan => shown === scan,
    hasButtons: scan => !scan.only && EDITABLE.has(scan.answer.answer),
    onDone: text => {
      part('sentence').textContent = text;
      say(text);
    },
  });
  const offerUndo = window.CheckinPrintUndo({
    button: part('undo'), seconds: part('undo-left'), url: root.dataset.undoUrl, words, post,
    getScan: () => shown,
    hide: button => {
      const hadFocus = document.activeElement === button;
      button.hidden = true;
      keepFocus(hadFocus);
    },
    onUndone: (scan, answer) => {
      queue.forget(scan.key);
      if (shown === scan) {
        show({key: '', answer});
      }
      addLine(answer);
    },
  });

  // Requests

  function post(url, data, signal) {
    return fetch(url, {
      method: 'POST', signal, body: new URLSearchParams(data),
      headers: {'Accept': 'application/json', 'X-CSRF-Token': root.dataset.token, 'X-Requested-With': 'XMLHttpRequest'},
    });
  }

  // after a new login the page has another token
  async function renew() {
    const page = await fetch(location.href, {signal: AbortSignal.timeout(10000)});
    const fresh = new DOMParser().parseFromString(await page.text(), 'text/html').getElementById('scan');
    if (fresh) {
      root.dataset.token = fresh.dataset.token;
    }
  }

  const queue = new window.CheckinPrintQueue({
    send: (scan, signal) => post(scan.only ? root.dataset.onlyUrl : root.dataset.answerUrl, scan.data, signal),
    renew,
    onAnswer: showAnswer,
    onRepeat: scan => {
      if (shown && shown.key === scan.key && shown.answer) {
        part('answer').classList.remove('scan-repeated');
        void part('answer').offsetWidth; // starts the animation anew
        part('answer').classList.add('scan-repeated');
        sound.play(shown.answer.tone);
      }
    },
    onState: ({waiting, problem}) => {
      const box = part('connection');
      const text = problem ? words[problem].replace('{}', waiting) : '';
      if (box.textContent !== text) {
        box.textContent = text;
      }
      box.hidden = !text;
      part('login').hidden = problem !== 'refused';
      if (problem && waiting) {
        showKept();
      }
      const more = waiting - 1;
      part('waiting').textContent = !problem && more > 0 ? words.waiting.replace('{}', more) : '';
    },
  });

  // Scans

  function scanned({code, byPosition = ''}) {
    sound.wake();
    // Indico refuses whatever has NUL
    code = code.replaceAll('\0', '\ufffd');
    const data = {code};
    const match = text => (handlers.find(({regex}) => regex.test(text)) || {}).name;
    if (match(code)) {
      data.handler = match(code);
    }
    if (byPosition && byPosition !== code) {
      data.by_position = byPosition;
      if (match(byPosition)) {
        data.handler_by_position = match(byPosition);
      }
    }
    add({key: code, data});
  }

  function add({key, data}) {
    // what waits for the connection is sent as it was scanned
    const only = checkInOnly();
    const scan = {key: `${only} ${key}`, data, only};
    if (!queue.add(scan)) {
      show({answer: {tone: 'stop', word: words.full_word, sentence: words.full}});
    } else if (part('answer').dataset.answer !== 'kept' && shown !== scan && (!shown || shown.key !== scan.key)) {
      part('answer').dataset.stale = '';
    }
  }

  function showAnswer(scan, answer) {
    show({...scan, answer});
    addLine(answer);
  }

  function show(scan) {
    shown = scan;
    const {answer} = scan;
    const box = part('answer');
    delete box.dataset.stale;
    box.dataset.tone = answer.tone;
    box.dataset.answer = answer.answer || '';
    part('sign').textContent = SIGNS[answer.tone];
    part('word').textContent = answer.word;
    part('name').textContent = answer.name || '';
    part('who').textContent = [answer.accompanies && words.accompanies.replace('{}', answer.accompanies),
      answer.affiliation, answer.form].filter(Boolean).join(' · ');
    part('sentence').textContent = answer.sentence;
    const hadFocus = part('answer').contains(document.activeElement);
    part('badges').replaceChildren();
    badges.clear();
    part('edit').hidden = !edit || scan.only || !answer.registration || !EDITABLE.has(answer.answer);
    part('unpaid').textContent = answer.all_the_same ?? words.all_the_same;
    part('unpaid').hidden = answer.answer !== 'not_paid' || !part('unpaid').textContent;
    say([answer.word, answer.name, answer.sentence].filter(Boolean).join('. '));
    if (edit) {
      edit.note([answer.word, answer.name].filter(Boolean).join(' · '));
    }
    sound.play(answer.tone);
    offerUndo(answer);
    keepFocus(hadFocus);
    // who was checked in only gets no badge here, and the sentence says where
    if (answer.registration && !(scan.only && answer.checked_in_dt)) {
      badges.follow(scan);
    }
  }

  // A scan that cannot be sent has no answer yet, and the last one is not its own.
  function showKept() {
    const box = part('answer');
    if (box.dataset.answer === 'kept') {
      return;
    }
    shown = null;
    delete box.dataset.stale;
    box.dataset.tone = 'wait';
    box.dataset.answer = 'kept';
    part('sign').textContent = SIGNS.wait;
    part('word').textContent = words.kept;
    for (const name of ['name', 'who', 'badges']) {
      part(name).textContent = '';
    }
    part('sentence').textContent = words.kept_sentence;
    const hadFocus = box.contains(document.activeElement);
    badges.clear();
    part('undo').hidden = part('unpaid').hidden = part('edit').hidden = true;
    keepFocus(hadFocus);
  }

  // A button that is gone leaves the focus to the answer, from where the next key leads to what can be done about it.
  function keepFocus(hadFocus) {
    const active = document.activeElement;
    if (hadFocus && (!active || active === document.body || active.closest('[hidden]'))) {
      part('answer').focus();
    }
  }

  part('unpaid').addEventListener('click', () => {
    add({key: `unpaid ${shown.answer.registration}`, data: {registration: shown.answer.registration, unpaid_too: '1'}});
  });

  window.CheckinPrintPeople({
    url: root.dataset.peopleUrl, input: part('search'), list: part('people'), note: part('people-note'), words,
    onChosen: registration => {
      sound.wake();
      add({key: `registration ${registration}`, data: {registration}});
      part('answer').focus();
    },
  });

  // Edit for this print

  const edit = root.dataset.editUrl ? window.CheckinPrintEdit({
    dialog: part('edit-dialog'), post, words,
    onPrinted: answer => {
      showAnswer({key: ''}, answer);
    },
    // the keys of a scanner are caught wherever the focus is; an Enter shall press nothing
    onClose: () => part('answer').focus(),
  }) : null;
  const openEdit = (registration, person) => edit.open(root.dataset.editUrl.replace('/0', `/${registration}`), person);
  part('edit').addEventListener('click', () => openEdit(shown.answer.registration, shown.answer.person || ''));

  // Camera

  let stopCamera = null;
  part('camera').addEventListener('click', async () => {
    const button = part('camera');
    const video = part('video');
    if (stopCamera) {
      stopCamera();
      stopCamera = null;
    } else {
      button.disabled = true;
      try {
        stopCamera = await window.CheckinPrintCamera.start(video, root.dataset.vendorUrl, code => scanned({code}));
        part('camera-note').textContent = '';
      } catch (error) {
        part('camera-note').textContent = words[`camera_${error.name}`] || words.camera_failed;
      }
      button.disabled = false;
    }
    video.hidden = !stopCamera;
    button.setAttribute('aria-pressed', String(!!stopCamera));
  });

  // Speech

  function say(text) {
    // the same text twice would be said once
    part('live').textContent = '';
    requestAnimationFrame(() => {
      part('live').textContent = text;
    });
  }

  // The focus: keys reach the page only while its window has it

  function showFocus() {
    part('unfocused').hidden = document.hasFocus() || !!stopCamera;
  }
  window.addEventListener('focus', showFocus);
  window.addEventListener('blur', () => setTimeout(showFocus, 200));
  root.addEventListener('click', event => {
    // a button that was clicked would otherwise be pressed by what comes next
    if (event.detail && event.target.closest('button')) {
      event.target.closest('button').blur();
    }
  });
  window.CheckinPrintWedge.listen(scanned, text => {
    // somebody types a name without a click on its field
    if (/^[\p{L}\p{N}#]/u.test(text) && !document.querySelector('dialog[open]')) {
      part('search').focus();
      part('search').value += text;
      part('search').dispatchEvent(new Event('input', {bubbles: true}));
    }
  });
  root.dataset.ready = '';
  if (edit && root.dataset.edit) {
    openEdit(root.dataset.edit, root.dataset.person);
  }
});
