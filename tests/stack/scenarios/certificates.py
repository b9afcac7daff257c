"""Certificates from the check-in list to the mailbox, with a mail server that has faults and workers that are killed.

What was sent is read from what the mail server received, and what was made from the PDFs that Indico stores.
"""

import contextlib
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import requests
from celery import Celery

from indico_checkin_print.models.states import CertificateState as C
from indico_checkin_print.models.states import SendState as M
from tests.fakes.keys import Authority, conf_for
from tests.fakes.signatures import is_valid, pdfsig_file, says_valid
from tests.stack.facts import Facts
from tests.stack.indico import BIN
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.crashes import restart
from tests.stack.stack import Wanted, running


PEOPLE = {'registrations': 500, 'checked_in': 300, 'volunteers': 25, 'masterclass': 60, 'speakers': 40,
          'contributions': 55, 'without_email': 3}
EXPECTED = {'attendee': 300, 'masterclass': 60, 'speaker': 52, 'volunteer': 25}
#: Of those who get none: those who were not there, those who are in two forms, and those without an address
EXPECTED_SKIPS = {'attendee': {'not_checked_in': 200, 'duplicate': 60}, 'speaker': {'no_email': 3}}
#: Recipients with one certificate each, so that each fault is one e-mail
FAULTS = {'never': ('person30', 'person31', 'speaker9'), 'spam': ('person32',), 'later': ('person33', 'speaker10'),
          'drop': ('person34', 'person35'), 'slow': ('person36', 'person90', 'person150', 'speaker20')}
KILLS = 2
SMOKE = 'me@people.example'


@scenario('certificates', 'Certificates of 437 people, made and sent while the worker is killed four times.')
def certificates():
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority()
        wanted = Wanted(desks=1, relay=False, registrations=PEOPLE['registrations'], enabled=False, mail=True,
                        conf=conf_for(Path(folder), authority))
        with running(wanted, say=say) as stack, contextlib.closing(Run(stack, authority, Path(folder))) as run:
            run.prepare()
            run.generate()
            run.publish()
            run.try_out()
            run.send()
            run.send_stragglers()
            run.check_signatures()
            run.reissue()
            run.revoke()
            if run.facts.faults:
                say(stack.tails())
            return run.facts, run.about


class Run:
    """One run of the scenario, step by step; what it finds out is in `about`."""

    def __init__(self, stack, authority, folder):
        self.stack, self.authority, self.folder = stack, authority, folder
        self.event = stack.seeded['event']['id']
        self.facts = Facts(checked_in=PEOPLE['checked_in'])
        self.about = {}
        self._celery = Celery(broker=stack.redis.url(0))
        self._connection = psycopg2.connect(stack.postgres.uri('indico'))
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()

    def close(self):
        self._connection.close()

    # the steps

    def prepare(self):
        say(f'{PEOPLE["checked_in"]} of {PEOPLE["registrations"]} people are checked in; there are speakers, too')
        seeded = self._in_indico('seed', PEOPLE)
        self._cli('types', '--for-form', 'masterclass', seeded['form'], '--for-tag', 'volunteer', seeded['tag'],
                  *(word for name in EXPECTED for word in ('--on', name)))
        skips = {}
        for name in EXPECTED:
            found = json.loads(self._cli('preview', '--type', name, '--json'))
            skips[name] = Counter(skip['reason'] for skip in found['skipped'])
            self._check(len(found['recipients']) == EXPECTED[name], f'{len(found["recipients"])} would get a {name}.')
            self._check(all(skip['words'] for skip in found['skipped']), f'A skip of {name} has no reason.')
        for name, expected in EXPECTED_SKIPS.items():
            self._check(skips[name] == expected, f'Skipped for {name}: {skips[name]}.')
        self.about['skipped'] = {name: dict(found) for name, found in skips.items() if found}

    def generate(self):
        self._in_indico('plan')
        total, began, lost = sum(EXPECTED.values()), time.monotonic(), 0
        for kill in range(KILLS):
            self._sweep()
            goal = total * (kill + 1) // (KILLS + 2)
            lost += self._kill(f'state = {C.making}', lambda goal=goal: self._count(f'state = {C.ready}') >= goal,
                               'lease_dt', 'makes certificates')
        self._sweep()
        made = -1
        # as long as some are made in a minute, however slow the machine is
        while made < (made := self._count(f'state = {C.ready}')) < total:
            wait_until(lambda: self._count(f'state = {C.ready}') >= total, 60, interval=0.3)
        counts = dict(self._rows('SELECT t.name, count(*) FROM {certificates} c JOIN {certificate_types} t '
                                 f'ON t.id = c.type_id WHERE c.state = {C.ready} GROUP BY 1'))
        self._check(counts == EXPECTED, f'{counts} were made.')
        self._check(lost == KILLS, f'{lost} of {KILLS} kills left a certificate half made.')
        self.about |= {'made': counts, 'killed_making': lost, 'generate_s': round(time.monotonic() - began)}

    def publish(self):
        for name in EXPECTED:
            self._cli('publish', '--type', name)

    def try_out(self):
        """Write the e-mails into a folder, then send some to one address: nothing is noted."""
        before = self._digest()
        preview = self.folder / 'preview'
        done = json.loads(self._cli('send', '--type', 'attendee', '--dry-run', preview, '--json'))
        pages = [path.read_text() for path in preview.glob('*.html')]
        self._check(len(pages) == done['written'] == EXPECTED['attendee'], f'{len(pages)} e-mails were written.')
        self._check(not any('${' in page for page in pages), 'A placeholder was not filled in.')
        self._check((preview / done['index']).stat().st_size > 0, 'There is no index.')
        self._cli('send', '--type', 'speaker', '--smoke', SMOKE, '--limit', '3')
        smoke = [one.to for one in self.stack.mail.received]
        self._check(smoke == [SMOKE] * 3, f'The smoke test went to {smoke}.')
        self._check(self._digest() == before, 'Dry run or smoke test changed a record.')
        self.stack.mail.received.clear()
        self.about |= {'dry_run': len(pages), 'smoke': len(smoke)}

    def send(self):
        mail = self.stack.mail
        mail.faults = {f'{who}@people.example': fault for fault, people in FAULTS.items() for who in people}
        began, left = time.monotonic(), 0
        self._in_indico('queue')
        for _kill in range(KILLS):
            self._sweep()
            goal = len(mail.received) + 40
            left += self._kill(f'send_state = {M.sending}', lambda goal=goal: len(mail.received) >= goal,
                               'send_lease_dt', 'sends e-mails')
        self._sweep()
        wait_until(lambda: not self._rows('SELECT 1 FROM {send_runs} WHERE ended_dt IS NULL'), 240, interval=0.5)
        self._judge_sent()
        self._check(left == KILLS, f'{left} of {KILLS} kills left an e-mail half sent.')
        states = dict(self._rows("SELECT coalesce(nullif(send_reason, ''), 'none'), count(*) FROM {certificates} "
                                 'GROUP BY 1'))
        # nobody knows of those whose connection ended, and of those that were half sent when the worker was killed
        uncertain = states.get('uncertain', 0)
        self._check(len(FAULTS['drop']) <= uncertain <= len(FAULTS['drop']) + KILLS, f'{uncertain} are uncertain.')
        refused = states.get('refused', 0)
        self._check(refused == len(FAULTS['never'] + FAULTS['spam']), f'{refused} were refused.')
        self._check(states.get('sent') == sum(EXPECTED.values()) - refused - uncertain, f'The states are {states}.')
        self.about |= {'sent': states.get('sent'), 'refused': refused, 'uncertain': uncertain, 'killed_sending': left,
                       'send_s': round(time.monotonic() - began)}

    def send_stragglers(self):
        """Repeat the run: it takes those only that certainly did not arrive."""
        mail, expected = self.stack.mail, Counter(f'{who}@people.example' for who in FAULTS['never'] + FAULTS['spam'])
        mail.faults, before = {}, len(mail.received)
        for name in EXPECTED:
            self._cli('send', '--type', name)
        found = Counter(one.to for one in mail.received[before:])
        self._check(found == expected, f'The second run sent to {dict(found)}.')
        self._judge_sent()
        self.about['stragglers'] = found.total()

    def check_signatures(self):
        files = {serial: self.stack.indico.folder / 'archive' / path for serial, path in self._rows(
            'SELECT c.serial, f.storage_file_id FROM {certificates} c JOIN indico.files f ON f.id = c.file_id')}
        contents = {serial: path.read_bytes() for serial, path in files.items()}
        attached = {part.get_filename().removesuffix('.pdf').replace('-', ''): part.get_payload(decode=True)
                    for one in self.stack.mail.received for part in one.message.iter_attachments()}
        wrong = [serial for serial, pdf in attached.items() if contents.get(serial) != pdf]
        self._check(not wrong, f'{len(wrong)} recipients got another PDF than the one that is stored.')
        pyhanko = sum(is_valid(pdf, self.authority) for pdf in contents.values())
        with ThreadPoolExecutor(2) as pool:
            poppler = sum(map(says_valid, pool.map(pdfsig_file, files.values())))
        self._check(pyhanko == poppler == len(files) == sum(EXPECTED.values()),
                    f'{pyhanko} and {poppler} of {len(files)} signatures are valid.')
        # one byte, somewhere in the page
        changed = bytearray(next(iter(contents.values())))
        changed[len(changed) // 3] ^= 1
        path = self.folder / 'changed.pdf'
        path.write_bytes(changed)
        caught = [not is_valid(bytes(changed), self.authority), not says_valid(pdfsig_file(path))]
        self._check(all(caught), f'A changed byte was noticed by pyHanko and pdfsig: {caught}.')
        checked = [self._upload(next(iter(contents.values()))), self._upload(bytes(changed))]
        self._check(checked == ['Genuine', 'Altered'], f'The PDF and the changed one are: {checked}.')
        verified = json.loads(self._cli('verify', '--json'))
        self._check(verified == {'certificates': len(files), 'pdfs': len(files), 'faults': {}},
                    f'The command says: {verified}.')
        self.about |= {'valid_pyhanko': pyhanko, 'valid_pdfsig': poppler, 'change_caught': sum(caught),
                       'uploads': checked}

    def reissue(self):
        (uuid, serial, sha256, message_id), = self._rows(
            'SELECT uuid::text, serial, sha256, message_id FROM {certificates} '
            f"WHERE subject_key LIKE 'registration:%%' AND send_state = {M.sent} ORDER BY id LIMIT 1")
        self._cli('reissue', '--uuid', uuid, '--full-name', 'Zoë Meyer', event=False)
        (same_uuid, same_serial, new, name, replaced, kept, to_send), = self._rows(
            "SELECT uuid::text, serial, c.sha256, correction ->> 'full_name', r.sha256, message_id, "
            'send_state IS NULL FROM {certificates} c JOIN {replaced_files} r ON r.certificate_id = c.id')
        self._check((same_uuid, same_serial, kept) == (uuid, serial, message_id), 'A reissue changed a number.')
        self._check((name, replaced) == ('Zoë Meyer', sha256) and new != sha256, 'A reissue has not replaced the PDF.')
        before = len(self.stack.mail.received)
        self._cli('send', '--type', 'attendee')
        sent = self.stack.mail.received[before:]
        self._check(to_send and len(sent) == 1, f'{len(sent)} e-mails followed the reissue.')
        pdf = next(sent[0].message.iter_attachments()).get_payload(decode=True)
        self._check(hashlib.sha256(pdf).hexdigest() == new and is_valid(pdf, self.authority),
                    'The new PDF was not sent, or its signature is not valid.')
        self.about['reissued'] = 1

    def revoke(self):
        (uuid, serial, token, form), = self._rows(
            'SELECT c.uuid::text, serial, r.uuid::text, registration_form_id FROM {certificates} c '
            'JOIN event_registration.registrations r ON r.id = c.registration_id WHERE c.sent_dt IS NOT NULL '
            'AND correction IS NULL ORDER BY c.id LIMIT 1')
        page = f'{self.stack.event_url}/registrations/{form}/'
        pdf = f'{page}certificates/{uuid}.pdf'
        token = {'token': token}
        before = requests.get(pdf, params=token, timeout=60)
        self._check(before.status_code == 200 and is_valid(before.content, self.authority), 'There is no download.')
        self._cli('revoke', '--uuid', uuid, '--why', 'Issued by mistake', event=False)
        places = {
            'download': requests.get(pdf, params=token, timeout=60).status_code == 404,
            'registration': 'Issued by mistake' in requests.get(page, params=token, timeout=60).text,
            'send': self._cli('send', '--type', 'attendee', '--only', serial).startswith('0 sent'),
            'page of the serial': 'Issued by mistake' in requests.get(f'{self.stack.url}/c/{serial}', timeout=60).text,
            'secret address': requests.get(f'{self.stack.url}/c/{uuid}.pdf', timeout=60).status_code == 410,
            'upload': self._upload(before.content) == 'Revoked',
        }
        missing = [place for place, is_shown in places.items() if not is_shown]
        self._check(not missing, f'That it is revoked cannot be seen: {missing}.')
        self.about['revoked_shown'] = sorted(places)

    # what they use

    def _upload(self, pdf):
        """Return what the public page says about a PDF, in a word or two."""
        page = requests.post(f'{self.stack.url}/c/check', files={'file': ('certificate.pdf', pdf)}, timeout=60).text
        return page.partition('<h1>')[2].partition('</h1>')[0]

    def _judge_sent(self):
        """Compare what the mail server received with what is noted."""
        received = self.stack.mail.received
        ids = Counter(one.message['message-id'] for one in received)
        pairs = Counter((one.to, *[part.get_filename() for part in one.message.iter_attachments()]) for one in received)
        twice = [key for counted in (ids, pairs) for key, count in counted.items() if count > 1]
        self._check(not twice, f'Sent twice: {twice[:5]}.')
        noted = dict(self._rows('SELECT message_id, send_state FROM {certificates} WHERE message_id IS NOT NULL'))
        lost = [message_id for message_id, state in noted.items() if state == M.sent and not ids[message_id]]
        self._check(not lost, f'{len(lost)} are sent, and the mail server has not got them.')
        unknown = [one for one in received if one.answered and noted.get(one.message['message-id']) not in {M.sent,
                                                                                                          M.failed}]
        self._check(not unknown, f'{len(unknown)} were received, and nothing is noted about them.')
        self.facts.duplicates, self.facts.lost = len(twice), len(lost)
        self.about |= {'received': len(received), 'sent_twice': len(twice)}

    def _kill(self, busy, is_time, lease, words):
        """Kill the worker while it is busy with something, let the lease run out, start it. Return what it left."""
        wait_until(is_time, 120)
        wait_until(lambda: self._count(busy), 30, interval=0.002)
        self.stack.celery.kill()
        left = self._count(busy)
        say(f'the worker is killed while it {words}; {left} is left')
        self._cursor.execute(self._sql(f'UPDATE {{certificates}} SET {lease} = {lease} '
                                       f"- interval '300 s' WHERE {busy}"))
        restart(self.stack.celery)
        return min(left, 1)

    def _sweep(self):
        """Let Celery find what there is to do, as it does every 15 seconds."""
        self._celery.send_task('checkin_print_sweep', ignore_result=True)

    def _digest(self):
        """Return something about all records that changes when one does."""
        (digest,), = self._rows("SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM {certificates} c")
        return digest

    def _count(self, condition):
        return self._rows(f'SELECT count(*) FROM {{certificates}} WHERE {condition}')[0][0]

    def _rows(self, statement):
        self._cursor.execute(self._sql(statement), [])
        return self._cursor.fetchall()

    @staticmethod
    def _sql(statement):
        names = ('certificates', 'certificate_types', 'send_runs', 'replaced_files')
        return statement.format(**{name: f'plugin_checkin_print.{name}' for name in names})

    def _in_indico(self, command, wanted=()):
        output = self.stack.indico.run(sys.executable, '-m', 'tests.stack.certificates', command,
                                       stdin=json.dumps({'event': self.event, **dict(wanted)}))
        return json.loads(output.splitlines()[-1])

    def _cli(self, command, *args, event=True):
        """Run a command; return what it printed."""
        words = [BIN / 'indico', 'checkin-print', 'certificates', command, *(('--event', self.event) if event else ()),
                 *args]
        return self.stack.indico.run(*words)

    def _check(self, is_right, sentence):
        if not is_right:
            say(sentence)
            self.facts.faults.append(sentence)
