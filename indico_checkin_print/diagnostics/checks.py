"""What is wrong with an installation, in sentences that say what to do. Pure: ``facts.py`` collects the facts.

Each check takes facts and gives a `Finding`. Something is wrong when badges do not come out, or come out late, because
of it; what an administrator should only know about is worth a look, and no failure.
"""

from urllib.parse import urlsplit

from indico_checkin_print.badge.names import code_points
from indico_checkin_print.badge.text.packages import title_of
from indico_checkin_print.diagnostics.findings import OK, WARN, WRONG, Finding, ago, duration
from indico_checkin_print.settings import parse_networks


#: Celery's sweep comes every 15 seconds; after so many without one it is missing
MAX_SWEEP_AGE = 60
#: A relay writes its heartbeat every 5 seconds
MAX_RELAY_AGE = 30
#: The nightly purge, in seconds
MAX_PURGE_AGE = 26 * 3600
#: What has been due for so long is stuck, in seconds
MAX_OVERDUE = 60
#: Badges that wait for a printer for so long, in seconds
MAX_WAIT = 300
#: Clocks that differ by more than so many seconds
CLOCK_WARN_OFFSET, CLOCK_WRONG_OFFSET = 2, 30
#: The certificate of the key that signs should be valid for so many days
MIN_KEY_DAYS = 60
#: Networks with fewer bits than these contain much more than a conference
MIN_PREFIX = {4: 16, 6: 48}


def check_database(version, error, table_revision, code_revision):
    """Check that the database answers and has the tables of this version."""
    if error:
        return Finding('database', WRONG, f'PostgreSQL does not answer ({error}). Check SQLALCHEMY_DATABASE_URI in '
                                          'indico.conf and that PostgreSQL runs.')
    if table_revision is None:
        return Finding('database', WRONG, 'The tables of the plugin do not exist. Run '
                                          '"indico db --plugin checkin_print upgrade" and restart Indico.')
    if table_revision != code_revision:
        return Finding('database', WRONG, f'The tables are those of revision {table_revision}, the plugin needs '
                                          f'{code_revision}. Run "indico db --plugin checkin_print upgrade".')
    return Finding('database', OK, f'PostgreSQL {version}, tables of revision {table_revision}')


def check_clock(offset):
    """Check the difference, in seconds, between this machine's clock and that of the database."""
    words = f'This clock is {abs(offset):.1f} s {"ahead of" if offset > 0 else "behind"} that of the database.'
    if abs(offset) > CLOCK_WRONG_OFFSET:
        return Finding('clock', WRONG, f'{words} Signatures and pairing codes will be refused. '
                                       'Let NTP set both clocks.')
    if abs(offset) > CLOCK_WARN_OFFSET:
        return Finding('clock', WARN, f'{words} Let NTP set both clocks.')
    return Finding('clock', OK, f'The same as that of the database (within {CLOCK_WARN_OFFSET} s)')


def check_broker(error):
    """Check that Celery's broker answers."""
    if error:
        return Finding('broker', WRONG, f'The broker does not answer ({error}). Check CELERY_BROKER in indico.conf and '
                                        'that Redis runs. Meanwhile the relay makes the badges, some seconds later.')
    return Finding('broker', OK, 'Answers')


def check_worker(names, *, broker_answers):
    """Check that a Celery worker answers."""
    if not broker_answers:
        return Finding('worker', WARN, 'Cannot be asked while the broker does not answer.')
    if not names:
        return Finding('worker', WRONG, 'No Celery worker answers. Start it: "systemctl start indico-celery". '
                                        'Meanwhile the relay makes the badges, some seconds later.')
    return Finding('worker', OK, f'Answers: {", ".join(sorted(names))}')


def check_beat(beat, *, worker_answers):
    """Check that Celery sweeps: beat asks for it, a worker does it, and the database has its heartbeat."""
    if beat is not None and beat.age < MAX_SWEEP_AGE:
        return Finding('beat', OK, f'The last sweep was {ago(beat.age)}')
    last = f'The last sweep of Celery was {ago(beat.age)}.' if beat else 'Celery has never swept.'
    if worker_answers:
        return Finding('beat', WRONG, f'{last} The worker answers, so beat is missing, or the worker does not know the '
                                      'plugin: restart it ("systemctl restart indico-celery"); it needs the option -B, '
                                      'or a beat of its own.')
    return Finding('beat', WRONG, f'{last} It will sweep when a worker runs.')


def check_relay(beats, answers):
    """Check that a relay runs.

    :param beats: The `LastBeat` of each relay by its place, ``machine:port``.
    :param answers: The `Answer` of ``/healthz`` of those on this machine, by place.
    """
    alive = {place for place, beat in beats.items() if beat.age < MAX_RELAY_AGE}
    if not beats:
        return Finding('relay', WARN, 'No relay has run for days. Everything works without one, but badges take some '
                                      'seconds: agents ask every two seconds, and one Celery worker is busy with POSTs '
                                      'to webhooks. See docs/install.md, "The relay".')
    if not alive:
        place, beat = min(beats.items(), key=lambda item: item[1].age)
        return Finding('relay', WRONG, f'The relay {place} was last heard of {ago(beat.age)}. Start it: "systemctl '
                                       'restart indico-checkin-print". Meanwhile agents ask every two seconds.')
    for place in sorted(alive & answers.keys()):
        answer = answers[place]
        if answer.status != 200:
            why = 'it does not hear the database: is there a PgBouncer without session pooling?'
            return Finding('relay', WRONG, f'The relay {place} works, but /healthz answers '
                                           f'{answer.status or answer.error}'
                                           f'{": " + why if answer.status == 503 else "."}')
    agents = [answers[place].data.get('agents') for place in sorted(alive & answers.keys())]
    words = f'Running: {", ".join(sorted(alive))}' + (f', {sum(agents)} agents connected' if agents else '')
    gone = sorted(beats.keys() - alive)
    if gone:
        return Finding('relay', WARN, f'{words}. Not heard of any more: {", ".join(gone)}. If you took it away, all is '
                                      'well; otherwise start it.')
    return Finding('relay', OK, words)


def check_relay_url(url, base_url, answer, *, wanted):
    """Check the way on which agents reach the relay.

    :param answer: The `Answer` to a request without a token, which a relay refuses in its own way.
    :param wanted: Whether a relay runs at all.
    """
    parts = urlsplit(str(url))
    if parts.scheme not in {'ws', 'wss'} or not parts.hostname:
        return Finding('relay url', WRONG, f'{url} is no websocket address. PLUGIN_CHECKIN_PRINT_RELAY_URL must begin '
                                           'with wss://, or be None.')
    if urlsplit(base_url).scheme == 'https' and parts.scheme != 'wss':
        return Finding('relay url', WRONG, f'{url} is not encrypted although Indico is: tokens of agents would go over '
                                           'the network as they are. PLUGIN_CHECKIN_PRINT_RELAY_URL must begin with '
                                           'wss://.')
    if answer.status == 401 and answer.data.get('error') == 'unknown_token':
        return Finding('relay url', OK, f'{url} leads to the relay')
    if not wanted:
        return Finding('relay url', WARN, f'{url} leads nowhere, because no relay runs.')
    got = f'answers {answer.status}' if answer.status else f'does not answer ({answer.error})'
    return Finding('relay url', WRONG, f'{url} {got}, and not the relay. Check the location in nginx '
                                       '(docs/install.md). If this machine cannot reach its own public name, try from '
                                           'another one.')


def check_fonts(missing):
    """Check that the fonts of badges can be loaded."""
    if missing:
        return Finding('fonts', WRONG, f'Cannot be loaded: {", ".join(missing)}. Install the package '
                                       '"indico-fonts" again.')
    return Finding('fonts', OK, 'All can be loaded')


def check_scripts(missing, cure):
    """Check that there are fonts for what the people of events are called.

    :param missing: Of each event, by its number, the scripts without a font: each with its characters.
    :param cure: What installs fonts for all of them, in words.
    """
    if missing:
        said = '; '.join(f'event {event}: ' + ', '.join(f'{title_of(script)} ({_examples(characters)})'
                                                        for script, characters in scripts.items())
                         for event, scripts in missing.items())
        return Finding('scripts', WRONG, f'No font has what people of these events have written. {said}. Install '
                                         f'fonts on each machine that makes badges: {cure}. Then restart Indico, '
                                         'Celery and the relay. Until then such badges wait, or have boxes.')
    return Finding('scripts', OK, 'There are fonts for all that people have written')


def _examples(characters):
    return code_points(characters[:3]) + (f' and {len(characters) - 3} more' if len(characters) > 3 else '')


def check_templates(count, problems):
    """Check what the forms print with.

    :param count: How many forms print.
    :param problems: What is wrong with some of them: (number of the event, number of the form, words).
    """
    if problems:
        said = '; '.join(f'event {event}, form {form}: {words}' for event, form, words in problems)
        return Finding('templates', WRONG, f'{len(problems)} of {count} forms cannot print. {said} Inform the '
                                           'managers of these events.')
    return Finding('templates', OK, f'{count} forms print, and all their badges can be made')


def check_networks(setting):
    """Check the list of networks that webhooks may reach although they are not public."""
    try:
        networks = parse_networks(setting)
    except (TypeError, ValueError) as exc:
        return Finding('allow-list', WRONG, f'PLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS cannot be read: {exc}')
    wide = [str(network) for network in networks
            if network.prefixlen < MIN_PREFIX[network.version] and not network.is_loopback]
    if wide:
        return Finding('allow-list', WARN, f'Very wide: {", ".join(wide)}. Every event manager can have Indico POST to '
                                           'anything in there. List the networks of the desks only.')
    loopback = [str(network) for network in networks if network.is_loopback]
    if loopback:
        return Finding('allow-list', WARN, f'Webhooks may reach this server itself ({", ".join(loopback)}), and with '
                                           'it services that trust every local client.')
    return Finding('allow-list', OK, ', '.join(map(str, networks)) or 'Public addresses only')


def check_settings(error):
    """Check the other settings."""
    return Finding('settings', WRONG, error) if error else Finding('settings', OK, 'Make sense')


def check_jobs(stuck, overdue, waiting):
    """Check that no job was forgotten.

    :param stuck: The `Pile` of jobs that a process should have taken long ago.
    :param overdue: That of jobs that should have expired or been recovered.
    :param waiting: That of badges that are ready and wait for a printer or a receiver.
    """
    if overdue.count:
        return Finding('jobs', WRONG, f'{overdue.count} jobs should have been recovered, the oldest '
                                      f'{ago(overdue.oldest)}: neither Celery nor a relay sweeps. '
                                      '"indico checkin-print sweep" does it now.')
    if stuck.count:
        return Finding('jobs', WRONG, f'{stuck.count} badges wait to be made, the oldest was due {ago(stuck.oldest)}: '
                                      'neither Celery nor a relay makes badges, or they cannot follow.')
    if waiting.count and waiting.oldest > MAX_WAIT:
        return Finding('jobs', WARN, f'{waiting.count} badges wait for their printer or receiver, the oldest since '
                                     f'{duration(waiting.oldest)}. "indico checkin-print jobs list --state ready" '
                                     'shows them.')
    return Finding('jobs', OK, f'None is stuck; {waiting.count} wait for their printer or receiver')


def check_labels(known, wrong):
    """Check that the printers of desks have the labels of their badges loaded.

    :param known: How many of them say what they have loaded.
    :param wrong: (event, `WrongLabels`) of those that have other labels.
    """
    if wrong:
        level = WRONG if any(found.is_too_large for __, found in wrong) else WARN
        said = ' '.join(f'Event {event}: {found.words}' for event, found in wrong)
        return Finding('labels', level, f'{said} Load other labels, or choose another template.')
    return Finding('labels', OK, f'Those of the badges, in {known} printers that say what they have loaded')


def check_posts(relays, posting, unsent):
    """Check that somebody makes the POSTs to webhooks.

    :param relays: How many relays run.
    :param posting: How many of them make POSTs.
    :param unsent: The `Pile` of messages that could have been sent long ago.
    """
    if unsent.count:
        return Finding('posts', WRONG, f'{unsent.count} messages to webhooks were not sent, the oldest was due '
                                       f'{ago(unsent.oldest)}: neither a relay nor Celery makes POSTs, or they cannot '
                                       'follow. Restart the relay, or Celery if there is none.')
    if relays and not posting:
        return Finding('posts', WRONG, 'A relay runs, but does not make POSTs to webhooks. Restart it: "systemctl '
                                       'restart indico-checkin-print". Meanwhile one Celery worker makes them.')
    if posting:
        return Finding('posts', OK, 'The relay makes them; it needs access to the receivers')
    return Finding('posts', OK, 'One Celery worker at a time makes them, because no relay runs')


def check_missed(pile):
    """Check that every check-in is in the ledger."""
    if pile.count:
        return Finding('check-ins', WRONG, f'{pile.count} check-ins could not be recorded, the oldest '
                                           f'{ago(pile.oldest)}. Why is in Indico\'s log ("could not be recorded"). '
                                           'Print these badges from the participant list.')
    return Finding('check-ins', OK, 'All are recorded')


def check_signing(wanted, error, subject, days_left):
    """Check the key that signs certificates of attendance.

    :param wanted: How many types of certificates are on that are signed.
    :param error: What is wrong with the key.
    :param days_left: For how many days its certificate is still valid.
    """
    if error:
        if not wanted:
            return Finding('signing', OK, 'No event has a type of certificate on that is signed')
        return Finding('signing', WRONG, f'{wanted} types of certificates are signed, and none of theirs can be made. '
                                         f'{error}')
    if days_left < MIN_KEY_DAYS:
        return Finding('signing', WARN, f'The certificate of the key ({subject}) ends in {days_left} days. Get a new '
                                        'one, and put it in the place of PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY. What '
                                        'was signed before stays valid.')
    return Finding('signing', OK, f'{subject}, valid for {days_left} days')


def check_webhooks(count, off, open_):
    """Check the webhooks of events that are not over.

    :param count: How many there are.
    :param off: Numbers of (event, webhook) that are switched off.
    :param open_: (event, webhook, seconds) of those that are only tried now and then.
    """
    if open_:
        said = ', '.join(f'{webhook} of event {event} since {duration(age)}' for event, webhook, age in open_)
        return Finding('webhooks', WARN, f'Not working, and only tried now and then: {said}. Their managers know by '
                                         'e-mail; what waits is sent when they work again.')
    if off:
        said = ', '.join(f'{webhook} of event {event}' for event, webhook in off)
        return Finding('webhooks', WARN, f'Switched off by a manager or by their receiver: {said}.')
    return Finding('webhooks', OK, f'{count}, all switched on and working' if count else 'None in use')


def check_prepared(size, limit, full):
    """Check that there is room for badges that are made before check-in.

    :param size: How many bytes those of all events have, and how many they may have (`limit`).
    :param full: The events that have no room of their own left.
    """
    said = f'{size / 1e6:.0f} of {limit / 1e6:.0f} MB'
    if size >= limit > 0:
        return Finding('prepared', WARN, f'{said}: no more badges are made before check-in. '
                                         'PLUGIN_CHECKIN_PRINT_PREPARED_MB sets the limit.')
    if full:
        return Finding('prepared', WARN, f'{said}. No room is left for event {", ".join(map(str, full))}: '
                                         'PLUGIN_CHECKIN_PRINT_PREPARED_MB_PER_EVENT sets the limit.')
    return Finding('prepared', OK, said if limit else 'No badges are made before check-in')


def check_purge(beat):
    """Check that old data is deleted."""
    if beat is None:
        return Finding('purge', WARN, 'Has not run yet. It runs every night at 3:40; "indico checkin-print purge" does '
                                      'it now.')
    if beat.age > MAX_PURGE_AGE:
        return Finding('purge', WARN, f'Last ran {ago(beat.age)}. Celery runs it every night at 3:40.')
    return Finding('purge', OK, f'Last ran {ago(beat.age)}: {beat.detail}')
