// Shows what the agent says (/events) and sends what the person does (/api/...). Elements are kept and only their
// texts change, so that the keyboard focus stays where it is.
'use strict';

const $ = (id) => document.getElementById(id);
const SILENCE = 25000; // the agent says something every ten seconds, if only that it is alive
const spoken = {};
let source, heard = 0, last = null;

// -- talking to the agent ---------------------------------------------------------------------------------------------

function connect() {
  if (source) source.close();
  heard = Date.now();
  source = new EventSource('/events');
  source.onmessage = (event) => { heard = Date.now(); alarm(''); show(JSON.parse(event.data)); };
  source.addEventListener('alive', () => { heard = Date.now(); alarm(''); });
  source.onerror = () => lost();
}

async function lost() {
  const closed = source.readyState === EventSource.CLOSED;
  try {
    const answer = await fetch('/api/status');
    if (answer.status === 401) {
      alarm('This page has to be opened again, with: print-agent page --open');
      source.close();
      source = null;
      return;
    }
    if (!answer.ok) alarm((await answer.json()).message);
  } catch {
    alarm('The print agent does not answer. Is it running? This page reconnects automatically.');
  }
  if (closed) setTimeout(() => { if (source && source.readyState === EventSource.CLOSED) connect(); }, 3000);
}

setInterval(() => { if (source && Date.now() - heard > SILENCE) { connect(); lost(); } }, 5000);

async function send(button, path, body, done) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  // Not "disabled", which would throw the keyboard out of the button.
  button.setAttribute('aria-disabled', 'true');
  const problem = button.closest('li')?.querySelector('[data-is=problem]');
  if (problem) problem.hidden = true;
  let sentence = '';
  try {
    const answer = await fetch(path, {method: 'POST', headers: {'Content-Type': 'application/json'},
                                      body: JSON.stringify(body)});
    if (!answer.ok) sentence = (await answer.json()).message;
  } catch {
    sentence = 'The print agent does not answer, so nothing was done.';
  }
  button.removeAttribute('aria-disabled');
  if (sentence && problem) { problem.textContent = sentence; problem.hidden = false; }
  say(sentence || done);
  return sentence;
}

// -- showing ----------------------------------------------------------------------------------------------------------

function say(sentence) {
  $('said').textContent = '';
  setTimeout(() => { $('said').textContent = sentence; }, 50);
}

function alarm(sentence) {
  if ($('alarm').textContent !== sentence) $('alarm').textContent = sentence;
  $('alarm').hidden = !sentence;
}

function put(element, name, text) {
  const place = element.querySelector(`[data-is=${name}]`);
  if (place && place.textContent !== text) place.textContent = text;
  if (place && (name === 'text' || name === 'quiet')) place.hidden = !text;
}

// Keep one element for each item, in the order of the items.
function list(id, template, items, key, fill) {
  const parent = $(id), old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let element = old.get(name);
    old.delete(name);
    if (!element) {
      element = $(template).content.firstElementChild.cloneNode(true);
      element.dataset.key = name;
    }
    if (element === before) before = before.nextElementSibling;
    else parent.insertBefore(element, before);
    fill(element, item);
  }
  for (const gone of old.values()) {
    if (gone.contains(document.activeElement)) elsewhere(gone);
    gone.remove();
  }
}

// Where the keyboard goes when its button disappears: to the same kind of thing next to it, else to the headline.
function elsewhere(gone) {
  const near = (gone.nextElementSibling || gone.previousElementSibling)?.querySelector('button:not([hidden])');
  const title = gone.closest('section').id === 'questions' ? $('printers-title') : gone.closest('section').querySelector('h2');
  (near || title).focus();
}

function press(element, name, action) {
  const button = element.querySelector(`[data-do=${name}]`);
  button.onclick = () => action(button);
  return button;
}

function when(seconds) {
  const date = new Date(seconds * 1000), today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString([], {hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});
  return today ? time : `${date.toLocaleDateString()} ${time}`;
}

const WHAT = {badge: 'Badge', ticket: 'Ticket', test: 'Test page'};
const who = (badge) => badge.name || (badge.kind === 'test' ? 'Test page' : `${WHAT[badge.kind] || 'Badge'} ${badge.job.slice(0, 13)}`);
const LEVELS = {completed: 'ok', sent: 'ok', failed: 'bad', unknown: 'warn', refused: 'bad', submitting: 'busy',
                printing: 'busy'};
const LINKS = {stream: 'ok', poll: 'warn', down: 'bad'};

function showQuestion(element, badge) {
  const it = badge.kind === 'test' ? 'the test page' : `the badge for ${badge.name || who(badge)}`;
  put(element, 'title', `Did ${it} come out?`);
  put(element, 'text', `${badge.printer}, ${when(badge.received)}. ${badge.detail}`);
  press(element, 'yes', (button) => send(button, '/api/answer', {entry: badge.entry, came_out: true},
                                         `Thank you: ${who(badge)} came out.`));
  const no = press(element, 'no', (button) => send(button, '/api/answer', {entry: badge.entry, came_out: false},
                                                   `${who(badge)} is printed again.`));
  for (const button of element.querySelectorAll('button')) {
    button.setAttribute('aria-label', `${button === no ? 'No, print it again' : 'Yes, it came out'}: ${who(badge)}`);
  }
}

function showCall(element, call) {
  element.classList.toggle('answered', call.answered);
  put(element, 'title', `${call.name} calls the tech`);
  put(element, 'text', [call.by, when(call.since), call.answered_by && `on the way: ${call.answered_by}`].filter(Boolean).join(', '));
  const body = {connection: call.id, desk: call.desk};
  const answer = press(element, 'answer', (button) => send(button, '/api/answer_call', body,
                                                           `${call.name} sees that somebody is on the way.`));
  answer.hidden = call.answered;
  const done = press(element, 'done', (button) => send(button, '/api/answer_call', {...body, done: true},
                                                       `Done at ${call.name}.`));
  answer.setAttribute('aria-label', `On my way to ${call.name}`);
  done.setAttribute('aria-label', `Done at ${call.name}`);
}

function showPrinter(element, printer) {
  element.dataset.level = printer.level;
  put(element, 'title', printer.name);
  put(element, 'words', printer.words);
  put(element, 'text', printer.sentences.join(' '));
  put(element, 'quiet', [printer.model, printer.depth === 1 ? '1 badge to print' : printer.depth ? `${printer.depth} badges to print` : '',
                         printer.reports ? '' : 'cannot say when a badge is out',
                         printer.calibration && `calibrated: ${printer.calibration}`].filter(Boolean).join(' · '));
  const verb = printer.paused ? 'Resume' : 'Pause';
  const pause = press(element, 'pause', (button) => send(
    button, printer.paused ? '/api/resume' : '/api/pause', {printer: printer.name},
    printer.paused ? `Printing resumed on ${printer.name}.` : `${printer.name} is paused. Badges go to other printers.`));
  if (pause.textContent !== verb) pause.textContent = verb;
  pause.setAttribute('aria-label', `${verb} ${printer.name}`);
  const test = press(element, 'test', (button) => send(button, '/api/test', {printer: printer.name},
                                                       `A test page goes to ${printer.name}.`));
  test.setAttribute('aria-label', `Test page on ${printer.name}`);
  const calibrate = press(element, 'calibrate', () => openCalibration(printer));
  calibrate.setAttribute('aria-label', `Calibrate ${printer.name}`);
  // Said aloud: what goes wrong and what is right again. Not every badge, and not what a button has said already.
  const before = spoken[printer.name], loud = (level) => level === 'bad' || level === 'warn';
  if (before && before !== printer.level && (loud(before) || loud(printer.level)) && printer.level !== 'paused') {
    say(`${printer.name}: ${printer.words}. ${printer.sentences.join(' ')}`.trim());
  }
  spoken[printer.name] = printer.level;
}

function showBadge(element, badge) {
  element.dataset.level = badge.local && badge.state === 'returned' ? 'bad' : LEVELS[badge.state] || '';
  put(element, 'title', who(badge));
  put(element, 'quiet', [badge.printer, when(badge.ended || badge.received), badge.origin ? 'once more' : ''].filter(Boolean).join(' · '));
  put(element, 'words', badge.words);
  const plain = badge.state === 'completed' || badge.state === 'sent';
  const unacknowledged = badge.ended && !badge.acknowledged ? 'Indico does not know yet.' : '';
  put(element, 'text', [plain ? '' : badge.detail, unacknowledged].filter(Boolean).join(' '));
  const reprint = press(element, 'reprint', (button) => send(button, '/api/reprint', {entry: badge.entry},
                                                         `${who(badge)} is printed again.`));
  reprint.hidden = !badge.repeatable;
  reprint.setAttribute('aria-label', `Print again: ${who(badge)}`);
}

function showLine(element, state, title, text, quiet) {
  element.dataset.level = LINKS[state];
  put(element, 'title', title);
  put(element, 'text', text);
  put(element, 'quiet', quiet);
}

function show(status) {
  const names = status.printers.map((printer) => printer.name), wasAsked = last?.questions.length || 0;
  const knownCalls = new Set((last?.calls || []).map((call) => `${call.id} ${call.desk}`));
  if (!status.calls.length && $('calls').contains(document.activeElement)) $('printers-title').focus();
  $('calls').hidden = !status.calls.length;
  list('call-list', 't-call', status.calls, (call) => `${call.id} ${call.desk}`, showCall);
  for (const call of status.calls) if (!knownCalls.has(`${call.id} ${call.desk}`)) say(`${call.name} calls the tech.`);

  $('questions').hidden = !status.questions.length && !$('questions').contains(document.activeElement);
  list('question-list', 't-question', status.questions, (badge) => badge.entry, showQuestion);
  $('questions').hidden = !status.questions.length;
  if (last && status.questions.length > wasAsked) say('Please check whether a badge came out.');

  list('printer-list', 't-printer', status.printers, (printer) => printer.name, showPrinter);
  $('no-printers').hidden = names.length > 0;
  const paused = status.printers.length > 0 && status.printers.every((printer) => printer.paused);
  $('pause-all').hidden = names.length < 2 && !status.all_paused;
  $('pause-all').textContent = paused ? 'Resume all' : 'Pause all';
  $('pause-all').onclick = () => send($('pause-all'), paused ? '/api/resume' : '/api/pause', {},
                                      paused ? 'Printing resumed on all printers.' : 'All printers are paused.');

  $('queue').hidden = !status.queued;
  list('queue-list', 't-badge', status.queue, (badge) => badge.entry, showBadge);
  $('queue-more').hidden = status.queued <= status.queue.length;
  $('queue-more').textContent = `and ${status.queued - status.queue.length} more`;
  list('latest-list', 't-badge', status.latest, (badge) => badge.entry, showBadge);
  $('no-badges').hidden = status.latest.length > 0;

  list('pills', 't-pill', status.connections, (link) => link.id, (element, link) => {
    element.dataset.level = LINKS[link.state];
    put(element, 'words', link.state === 'down' ? `No connection to ${link.event}` : `${link.event}: connected`);
  });
  list('connection-list', 't-line', status.connections, (link) => link.id, (element, link) =>
    showLine(element, link.state, link.event, link.words, `${link.agent} at ${link.url}, since ${when(link.since)}`));
  list('history-list', 't-line', status.history, (change) => `${change.id} ${change.time}`, (element, change) =>
    showLine(element, change.state, when(change.time), change.words, status.connections.length > 1 ? change.event : ''));
  $('version').textContent = `print-agent ${status.version}, running since ${when(status.started)}`;
  const bad = status.printers.filter((printer) => printer.level === 'bad').length + status.questions.length + status.calls.length;
  document.title = bad ? `(${bad}) Print agent` : 'Print agent';
  if (status.stopping) alarm('The print agent is shutting down.');
  last = status;
}

connect();
