// Buttons that act where they are: no reload, the answer beside them, the focus where it was.
//
// Without this script each is a form of its own that leads back to the page, where Indico's message says the same.

(function() {
  'use strict';

  const SHOWN_FOR = 20000; // milliseconds
  const FOLLOW_FOR = 30000;
  const FOLLOW_INTERVAL = 1000;

  const answers = new Map(); // id of the row -> {text, css, follow, until}

  document.addEventListener('submit', async event => {
    const form = event.target;
    if (!form.matches('form.checkin-print-post') || event.defaultPrevented || !window.CheckinPrint) {
      return;
    }
    event.preventDefault();
    // a button may stand elsewhere than its form
    const button = event.submitter || form.querySelector('button');
    const host = button.closest('[data-answer]');
    // not `disabled`: that would take the focus away
    if (button.getAttribute('aria-disabled') === 'true') {
      return;
    }
    button.setAttribute('aria-disabled', 'true');
    show(host, await send(form, button));
    const details = button.closest('details');
    if (details) {
      if (details.contains(document.activeElement)) {
        // what is folded away has no focus
        details.querySelector('summary').focus();
      }
      details.removeAttribute('open');
    }
    button.removeAttribute('aria-disabled');
    await window.CheckinPrint.refresh();
    render();
  });

  // a dialog did what it is for
  window.addEventListener('checkin-print:done', async event => {
    const {trigger, data} = event.detail;
    const host = trigger.closest('[data-answer]');
    show(host, {...inWords(data), follow: data.follow});
    await window.CheckinPrint.refresh();
    render();
    const button = document.querySelector(`[data-href="${CSS.escape(trigger.dataset.href)}"]`);
    (button || (host && document.querySelector(`#${CSS.escape(host.id)} button`)) || document.body).focus();
  });

  document.addEventListener('checkin-print:updated', event => {
    for (const answer of answers.values()) {
      const job = answer.follow && event.detail.fresh.querySelector(`[data-job="${answer.follow}"]`);
      if (job) {
        answer.text = job.dataset.outcome;
        answer.css = job.dataset.colour;
        if ('ended' in job.dataset) {
          answer.follow = null;
          answer.until = Date.now() + SHOWN_FOR;
          window.CheckinPrint.announce(answer.text);
        }
      }
    }
    render();
  });

  async function send(form, button) {
    const texts = document.querySelector('#checkin-print-connection').dataset;
    try {
      const fields = new URLSearchParams(new FormData(form));
      if (button.name) {
        fields.append(button.name, button.value);
      }
      const response = await fetch(button.hasAttribute('formaction') ? button.formAction : form.action, {
        method: 'POST',
        body: fields,
        headers: {'Accept': 'application/json', 'X-Requested-With': 'XMLHttpRequest'},
        credentials: 'same-origin',
      });
      if (response.redirected || !(response.headers.get('Content-Type') || '').includes('json')) {
        return {text: texts.failed, css: 'error'};
      }
      const {messages, follow, error} = await response.json();
      if (!response.ok || error) {
        return {text: (error && error.message) || texts.failed, css: 'error'};
      }
      return {...inWords({messages}), follow};
    } catch (error) {
      // no connection: nothing is known about what came of it, and the text says so
      return {text: texts.failed, css: 'error'};
    }
  }

  function inWords({messages = []}) {
    const has = category => messages.some(message => message.category === category);
    return {
      text: messages.map(message => message.text).join(' '),
      css: has('error') ? 'error' : has('warning') ? 'warning' : 'success',
    };
  }

  function show(host, answer) {
    if (!answer.text) {
      return;
    }
    const time = answer.follow ? FOLLOW_FOR : SHOWN_FOR;
    answers.set(host ? host.id : '', {...answer, until: Date.now() + time});
    window.CheckinPrint.announce(answer.text);
    render();
    setTimeout(render, time + 100);
    if (answer.follow) {
      follow();
    }
  }

  function follow() {
    setTimeout(async () => {
      await window.CheckinPrint.refresh();
      if ([...answers.values()].some(answer => answer.follow && answer.until > Date.now())) {
        follow();
      }
    }, FOLLOW_INTERVAL);
  }

  // Rows are replaced when something changes, so answers are put back. One whose row is gone stands at the top.
  function render() {
    for (const [id, answer] of answers) {
      if (answer.until < Date.now()) {
        answers.delete(id);
      }
    }
    const wanted = new Map([...answers].map(([id, answer]) => [placeOf(id), answer]));
    for (const old of document.querySelectorAll('.checkin-print-answer')) {
      const answer = wanted.get(old.parentElement);
      if (answer && old.dataset.text === answer.text) {
        wanted.delete(old.parentElement);
      } else {
        old.remove();
      }
    }
    for (const [place, answer] of wanted) {
      const element = document.createElement('div');
      element.className = `checkin-print-answer checkin-print-state ${answer.css || ''}`;
      element.textContent = element.dataset.text = answer.text;
      place.append(element);
    }
  }

  function placeOf(id) {
    const host = id && document.getElementById(id);
    return (host && (host.querySelector('.checkin-print-actions') || host)) || document.querySelector('#checkin-print-answers');
  }
})();
