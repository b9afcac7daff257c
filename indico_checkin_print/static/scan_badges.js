// Follows the badge of a person who was scanned, until it is out: in the answer on the screen, and in their line below.

(function() {
  'use strict';

  const FOLLOW_FOR = 180000; // ms
  const MIN_INTERVAL = 300; // ms between two questions, after a change
  const MAX_INTERVAL = 3000; // ms
  const HELD_FOR = 7200000; // ms
  const HELD_INTERVAL = 5000; // ms: somebody has to release it first
  const HELD_INTERVAL_IN_LIST = 20000; // ms

  // Returns a function that follows the badges of a scan; `isShown` says whether its answer is on the screen.
  window.CheckinPrintBadges = function({url, list, news, lines, words, isShown}) {
    async function follow(scan) {
      const {registration} = scan.answer;
      const isListed = () => lines.querySelector(`[data-registration="${registration}"]`);
      let until = Date.now() + FOLLOW_FOR;
      let etag = '';
      let wait = MIN_INTERVAL;
      let isHeld = false;
      // who is no longer on the screen is followed in the list, as long as they are there
      while (Date.now() < until && (isShown(scan) || isListed())) {
        try {
          const response = await fetch(url.replace('/0', `/${registration}`), {
            cache: 'no-store', headers: etag ? {'If-None-Match': etag} : {}, signal: AbortSignal.timeout(10000),
          });
          if (response.status === 200) {
            etag = response.headers.get('ETag');
            wait = MIN_INTERVAL;
            const progress = await response.json();
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
    }

    return follow;
  };
})();
