// Follows the badge of a person who was scanned, until it is out: in the answer on the screen, and in their line below.
// Below the answer it has the buttons for what can be done about the badge.

(function() {
  'use strict';

  const TIMEOUT = 15000; // ms
  const FOLLOW_FOR = 180000; // ms
  const MIN_INTERVAL = 300; // ms between two questions, after a change
  const MAX_INTERVAL = 3000; // ms
  const HELD_FOR = 7200000; // ms
  const HELD_INTERVAL = 5000; // ms: somebody has to release it first
  const HELD_INTERVAL_IN_LIST = 20000; // ms

  // Returns {follow(scan), clear()}; `isShown` says whether the answer of a scan is on the screen, `hasButtons` whether
  // badges are printed for it here. `post(url, data, signal)` sends a form, `renew()` gets what it is sent with; `onDone(text)` is called with what became of
  // it, and `keepFocus()` when a button may be gone.
  window.CheckinPrintBadges = function({url, list, actions, news, lines, words, post, renew, isShown, hasButtons,
    onDone, keepFocus}) {
    let shownButtons = '';

    async function follow(scan) {
      const {registration} = scan.answer;
      const isListed = () => lines.querySelector(`[data-registration="${registration}"]`);
      // after a button there is another badge to follow
      const round = scan.round = (scan.round || 0) + 1;
      let until = Date.now() + FOLLOW_FOR;
      let etag = '';
      let wait = MIN_INTERVAL;
      let isHeld = false;
      // who is no longer on the screen is followed in the list, as long as they are there
      while (scan.round === round && Date.now() < until && (isShown(scan) || isListed())) {
        try {
          const response = await fetch(url.replace('/0', `/${registration}`), {
            cache: 'no-store', headers: etag ? {'If-None-Match': etag} : {}, signal: AbortSignal.timeout(10000),
          });
          if (response.status === 200) {
            etag = response.headers.get('ETag');
            wait = MIN_INTERVAL;
            const progress = await response.json();
            if (scan.round !== round) {
              return;
            }
            show(scan, progress);
            if (progress.ended) {
              return;
            }
            isHeld = progress.badges.every(badge => badge.held || badge.ended);
            until = Date.now() + (isHeld ? HELD_FOR : FOLLOW_FOR);
          } else if (response.status !== 304) {
            return;
          }
        } catch {
          // no connection: the badge is printed all the same, and is asked for again
          wait = MAX_INTERVAL;
        }
        await new Promise(resolve => setTimeout(resolve, wait));
        wait = Math.min(wait * 1.25, !isHeld ? MAX_INTERVAL : isShown(scan) ? HELD_INTERVAL : HELD_INTERVAL_IN_LIST);
      }
    }

    function show(scan, {badges, prints}) {
      const texts = prints ? badges.map(badge => [badge, [
        badges.length > 1 ? `${badge.name}:` : words.badge, badge.state, badge.where && `(${badge.where})`,
      ].filter(Boolean).join(' ')]) : [[{tone: 'note', why: ''}, words.no_badge]];
      const line = lines.querySelector(`[data-registration="${scan.answer.registration}"] .scan-line-state`);
      if (line && texts.length) {
        line.textContent = `${scan.answer.word} · ${texts.map(([, text]) => text).join(' · ')}`;
      }
      if (!isShown(scan)) {
        return;
      }
      list.replaceChildren(...texts.map(([badge, text]) => {
        const item = document.createElement('li');
        item.dataset.tone = badge.tone;
        item.textContent = `${{good: '✓ ', stop: '✕ '}[badge.tone] || ''}${text}`;
        if (badge.why) {
          const why = document.createElement('small');
          why.textContent = badge.why;
          item.append(why);
        }
        return item;
      }));
      news.textContent = texts.map(([badge, text]) => [text, badge.why].filter(Boolean).join('. ')).join('. ');
      showButtons(scan, hasButtons(scan) ? badges : []);
    }

    // What is open or has the focus stays as it is unless there is something else to do.
    function showButtons(scan, badges) {
      const wanted = JSON.stringify(badges.map(({job, name, buttons}) => [job, name, buttons]));
      if (wanted === shownButtons) {
        return;
      }
      shownButtons = wanted;
      const hadFocus = actions.contains(document.activeElement);
      actions.replaceChildren(...badges.flatMap(({name, buttons}) => buttons.map(
        button => draw(scan, button, badges.length > 1 ? name : ''))));
      keepFocus(hadFocus);
    }

    function draw(scan, {text, url: where, reasons}, name) {
      const title = name ? `${text}: ${name}` : text;
      if (!reasons) {
        return drawButton(title, () => act(scan, where, {}));
      }
      const details = document.createElement('details');
      const summary = document.createElement('summary');
      const choices = document.createElement('div');
      summary.className = 'i-button big';
      summary.textContent = title;
      choices.append(...reasons.map(({text: why, reason}) => drawButton(why, () => act(scan, where, {reason}))));
      details.append(summary, choices);
      return details;
    }

    function drawButton(text, onClick) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'i-button big';
      button.textContent = text;
      button.addEventListener('click', onClick);
      return button;
    }

    async function act(scan, where, data) {
      if (scan.busy) {
        return;
      }
      scan.busy = true;
      let text = words.action_failed;
      try {
        const response = await post(where, data, AbortSignal.timeout(TIMEOUT));
        if (response.ok) {
          text = (await response.json()).messages.map(message => message.text).join(' ');
        } else if (response.status < 500) {
          text = words.action_refused;
          await renew();
        }
      } catch {
        // said by the text
      }
      scan.busy = false;
      if (isShown(scan)) {
        const hadFocus = actions.contains(document.activeElement);
        clear();
        keepFocus(hadFocus);
        onDone(text);
      }
      follow(scan);
    }

    function clear() {
      shownButtons = '';
      actions.replaceChildren();
    }

    return {follow, clear};
  };
})();
