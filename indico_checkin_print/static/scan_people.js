// Finds people by name while somebody types.

(function() {
  'use strict';

  const SEARCH_AFTER = 250; // ms without a key

  window.CheckinPrintPeople = function({url, input, list, note, words, onChosen}) {
    let timer = null;
    let latest = 0;

    input.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(search, SEARCH_AFTER);
    });

    async function search() {
      const name = input.value.trim();
      const number = ++latest;
      let found = {people: [], note: ''};
      if (name) {
        try {
          const response = await fetch(`${url}?${new URLSearchParams({name})}`, {signal: AbortSignal.timeout(15000)});
          found = await response.json();
        } catch {
          found.note = words.search_failed;
        }
      }
      // an answer that was overtaken is of no use
      if (number === latest) {
        show(found);
      }
    }

    function show({people, note: text}) {
      note.textContent = text;
      list.replaceChildren(...people.map(person => {
        const item = document.createElement('li');
        const button = document.createElement('button');
        const name = document.createElement('bdi');
        const more = document.createElement('span');
        button.type = 'button';
        button.className = 'scan-person';
        name.textContent = person.name;
        more.textContent = [person.state, `#${person.number}`, person.affiliation, person.form]
          .filter(Boolean).join(' · ');
        button.append(name, more);
        button.addEventListener('click', () => {
          latest += 1;
          input.value = '';
          show({people: [], note: ''});
          onChosen(person.registration);
        });
        item.append(button);
        return item;
      }));
    }
  };
})();
