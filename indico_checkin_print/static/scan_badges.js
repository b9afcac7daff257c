// Follows the badge of a person who was scanned, until it is out: in the answer on the screen, and in their line below.

(function() {
  'use strict';

  const FOLLOW_FOR = 180000; // ms
  const MIN_INTERVAL = 300; // ms between two questions, after a change
  const MAX_INTERVAL = 3000; // ms

  // Returns a function that follows the badges of a scan; `isShown` says whether its answer is on the screen.
  window.CheckinPrintBadges = function({url, list, news, lines, words, isShown}) {
    async function follow(scan) {
      const {registration} = scan.answer;
      const line = lines.querySelector(`[data-registration="${registration}"]`);
      const until = Date.now() + FOLLOW_FOR;
      let etag = '';
      let wait = MIN_INTERVAL;
      // who is no longer on the screen is followed in the list, as long as they are there
      while (Date.now() < until && (isShown(scan) || (line && line.isConnected))) {
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
          } else if (response.status !== 304) {
            return;
          }
        } catch {
          // no connection: the badge is printed all the same, and is asked for again
          wait = MAX_INTERVAL;
        }
        await new Promise(resolve => setTimeout(resolve, wait));
        wait = Math.min(wait * 1.25, MAX_INTERVAL);
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
