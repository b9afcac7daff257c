// Where a browser becomes a kiosk: takes the code, from the keyboard or from behind the # of a link.

document.addEventListener('DOMContentLoaded', () => {
  'use strict';

  const form = document.getElementById('pair');
  const field = document.getElementById('code');
  const message = document.getElementById('message');
  const button = form.querySelector('button');

  function readLink() {
    if (location.hash.length < 2) {
      return;
    }
    // a link pairs nothing before somebody presses the button
    try {
      field.value = decodeURIComponent(location.hash.slice(1)).slice(0, 40);
    } catch {
      field.value = ''; // not what the link of ours has
    }
    // neither the history nor a screen keeps it
    history.replaceState(null, '', location.pathname);
    button.focus();
  }

  readLink();
  // the page may be open already
  window.addEventListener('hashchange', readLink);

  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    message.textContent = form.dataset.wait;
    try {
      const response = await fetch(form.dataset.url, {
        method: 'POST', cache: 'no-store', signal: AbortSignal.timeout(15000),
        headers: {'Content-Type': 'application/json', 'X-Checkin-Print-Kiosk': '1'},
        body: JSON.stringify({code: field.value}),
      });
      const answer = await response.json();
      if (response.ok) {
        location.replace(location.pathname);
        return;
      }
      message.textContent = answer.message;
      field.select();
    } catch {
      message.textContent = form.dataset.lost;
    }
    button.disabled = false;
  });
});
