// The jobs page: rows are chosen for the buttons above them.
//
// Without this script the buttons work as well, except 'Print again', whose dialog needs scripts.

(function() {
  'use strict';

  document.addEventListener('DOMContentLoaded', () => {
    const page = document.querySelector('#checkin-print-jobs');
    const form = page && page.querySelector('#jobs-chosen');
    if (!form) {
      return;
    }
    document.documentElement.classList.add('checkin-print-scripted');
    choose(page, form);
    askFirst(form);
  });

  function choose(page, form) {
    const all = page.querySelector('#jobs-all');
    // rows are replaced after an action in place
    const boxesOf = () => [...page.querySelectorAll('.js-job')];
    const buttons = [...form.querySelectorAll('.js-needs-jobs')];
    const count = form.querySelector('#jobs-count');
    // all that the list shows, on its other pages as well
    const whole = form.querySelector('.js-whole');
    let last = null;

    function update() {
      const boxes = boxesOf();
      const chosen = boxes.filter(box => box.checked);
      all.checked = chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
      count.textContent = chosen.length ? count.dataset.text.replace('{}', chosen.length) : '';
      for (const button of buttons) {
        const isOff = !chosen.length && !(whole?.checked && 'whole' in button.dataset);
        button.disabled = isOff;
        button.classList.toggle('disabled', isOff);
      }
      for (const box of boxes) {
        box.closest('tr').classList.toggle('selected', box.checked);
      }
    }

    all.addEventListener('change', () => {
      for (const box of boxesOf()) {
        box.checked = all.checked;
      }
      update();
    });
    page.addEventListener('click', event => {
      const box = event.target;
      if (!box.matches('.js-job')) {
        return;
      }
      // with the shift key all from the last one to this one
      const boxes = boxesOf();
      if (event.shiftKey && boxes.includes(last)) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const other of boxes.slice(from, to + 1)) {
          other.checked = box.checked;
        }
      }
      last = box;
      update();
    });
    whole?.addEventListener('change', update);
    document.addEventListener('checkin-print:updated', update);
    // the browser may bring back what was chosen, after this event too
    update();
    window.addEventListener('pageshow', update);
  }

  // A button with a question submits its form when the answer is yes.
  function askFirst(form) {
    form.addEventListener('submit', event => {
      const button = event.submitter;
      if (!button || !button.dataset.question || button.dataset.sure) {
        return;
      }
      event.preventDefault();
      confirmPrompt(button.dataset.question, button.dataset.title).then(() => {
        button.dataset.sure = '1';
        form.requestSubmit(button);
      });
    });
  }
})();
