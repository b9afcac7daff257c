// The list of desk rules: sorted by drag-and-drop or with the arrow keys, and what the rules would do.
//
// Every change is sent at once and the list asked for anew, so what is shown is what Indico has. Without this script the
// buttons of a rule lead back to the page.

(function() {
  'use strict';

  let dragged = null; // {item, pointer, moved}
  let busy = false;

  document.addEventListener('DOMContentLoaded', () => {
    const list = document.querySelector('#checkin-print-rule-items');
    if (!list) {
      return;
    }
    list.addEventListener('submit', event => {
      event.preventDefault();
      const form = event.target;
      const label = event.submitter ? event.submitter.className : '';
      move(form.closest('li'), Number(form.elements.position.value), label);
    });
    list.addEventListener('keydown', onKey);
    list.addEventListener('pointerdown', onDown);
    document.addEventListener('pointermove', onMove);
    document.addEventListener('pointerup', onUp);
    document.addEventListener('pointercancel', onCancel);
    document.querySelector('#checkin-print-try').addEventListener('submit', tryIt);
    showBars();
  });

  document.addEventListener('click', async event => {
    const button = event.target.closest('.js-checkin-print-preview');
    if (button) {
      const form = button.closest('.checkin-print-dialog').querySelector('form');
      await show(button.nextElementSibling, button.dataset.url, {method: 'POST', body: new FormData(form)});
      button.nextElementSibling.scrollIntoView({block: 'nearest'});
    }
  });

  function root() {
    return document.querySelector('#checkin-print-rule-items');
  }

  function items() {
    return [...root().querySelectorAll('li[data-rule]')];
  }

  function onKey(event) {
    const handle = event.target.closest('.checkin-print-handle');
    const steps = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (!handle || !steps) {
      return;
    }
    event.preventDefault();
    const item = handle.closest('li');
    const position = items().indexOf(item) + 1 + steps;
    if (position >= 1 && position <= items().length) {
      move(item, position, 'checkin-print-handle');
    }
  }

  function onDown(event) {
    const handle = event.target.closest('.checkin-print-handle');
    if (handle && event.button === 0 && !busy) {
      dragged = {item: handle.closest('li'), pointer: event.pointerId, before: items().indexOf(handle.closest('li'))};
      dragged.item.classList.add('dragged');
    }
  }

  function onMove(event) {
    if (!dragged || event.pointerId !== dragged.pointer) {
      return;
    }
    event.preventDefault();
    const {item} = dragged;
    const next = items().find(other => {
      const box = other.getBoundingClientRect();
      return other !== item && event.clientY < box.top + box.height / 2;
    }) || null;
    if (item.nextElementSibling !== next) {
      item.parentElement.insertBefore(item, next);
    }
  }

  function onUp(event) {
    if (!dragged || event.pointerId !== dragged.pointer) {
      return;
    }
    const {item, before} = dragged;
    const after = items().indexOf(item);
    item.classList.remove('dragged');
    dragged = null;
    if (after !== before) {
      move(item, after + 1, 'checkin-print-handle');
    }
  }

  // the touch became something else, such as a call: the list is as it was
  function onCancel() {
    if (dragged) {
      dragged.item.classList.remove('dragged');
      dragged = null;
      refresh();
    }
  }

  async function move(item, position, focused) {
    if (busy) {
      return;
    }
    busy = true;
    const {rule} = item.dataset;
    try {
      const response = await fetch(item.dataset.move, {
        method: 'POST',
        body: new URLSearchParams({csrf_token: root().dataset.csrf, position}),
        headers: {'Accept': 'application/json', 'X-Requested-With': 'XMLHttpRequest'},
        credentials: 'same-origin',
      });
      const {messages} = await response.json();
      announce(response.ok ? messages.map(message => message.text).join(' ') : root().dataset.failed);
    } catch (error) {
      announce(root().dataset.failed);
    }
    await refresh();
    busy = false;
    const moved = root().querySelector(`li[data-rule="${CSS.escape(rule)}"]`);
    if (moved) {
      // at an end of the list its own button has nothing to do any more
      const wanted = focused.includes('icon-') && [...moved.querySelectorAll('.checkin-print-move button')]
        .find(button => button.className === focused && !button.disabled);
      (wanted || moved.querySelector('.checkin-print-handle')).focus();
    }
    showBars();
  }

  async function refresh() {
    await show(root(), root().dataset.url);
  }

  async function showBars() {
    const bars = document.querySelector('#checkin-print-bars');
    await show(bars, bars.dataset.url);
  }

  async function tryIt(event) {
    event.preventDefault();
    const form = event.target;
    const query = new URLSearchParams({name: form.elements.name.value});
    await show(document.querySelector('#checkin-print-tried'), `${form.getAttribute('action')}?${query}`);
  }

  async function show(element, url, options = {}) {
    try {
      const response = await fetch(url, {
        credentials: 'same-origin', headers: {'X-Requested-With': 'XMLHttpRequest'}, ...options});
      if (!response.ok || response.redirected) {
        throw new Error(response.status);
      }
      element.innerHTML = await response.text();
    } catch (error) {
      const message = document.createElement('p');
      message.className = 'checkin-print-state error';
      message.textContent = root().dataset.failed;
      element.replaceChildren(message);
    }
  }

  function announce(text) {
    if (text && window.CheckinPrint) {
      window.CheckinPrint.announce(text);
    }
  }
})();
