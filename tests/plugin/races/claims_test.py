"""Two processes take the next job at the same moment: workers, relays and links."""

from contextlib import suppress
from itertools import chain

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import heartbeat, ledger
from indico_checkin_print.credentials import seal
from indico_checkin_print.errors import Replaced
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.webhooks import Webhook
from tests.plugin.races.conftest import S, claim_render, outgoing_jobs, states_of


def test_workers_share_what_is_to_be_rendered(db, races, queued):
    def _work(name):
        def _all():
            mine = []
            while (job_id := claim_render(name)) is not None:
                db.session().commit()
                mine.append(job_id)
            return mine
        return _all

    shares = races.at_once(*(_work(f'worker {n}') for n in range(4)))
    assert sorted(chain.from_iterable(shares)) == queued
    assert all(states_of(id_) == [S.queued, S.rendering] for id_ in queued)


def test_a_worker_does_not_wait_for_another(races, queued):
    # the first one has not committed its claim yet
    assert claim_render('slow') == queued[0]
    assert races.meanwhile(lambda: claim_render('quick')) == queued[1]
    races.commit()
    assert claim_render('third') == queued[2]


def test_two_post_to_different_webhooks(db, races, event, check_in, form, reg):
    webhooks = [Webhook(event=event, name=f'Hook {n}', url='https://198.51.100.7/hook', secrets=[seal('whsec_QUFB')],
                        send_badge=False, fields=[]) for n in range(2)]
    db.session.add_all(webhooks)
    check_in(reg)
    for webhook in webhooks:
        for __ in range(2):
            ledger.request_event_test(webhook, reg.event.creator)
    races.commit()
    posts = {id_ for id_, in db.session.query(Job.id).filter(Job.webhook_id.isnot(None))}

    def _claim():
        job = ledger.claim_post('test')
        return job and (job.id, job.webhook_id)

    delivered = []
    for __ in range(len(posts)):
        claimed = [x for x in races.at_once(_claim, _claim, _claim, _claim) if x is not None]
        # never two at once to the same receiver
        assert len({webhook_id for _, webhook_id in claimed}) == len(claimed)
        for id_, _ in claimed:
            assert ledger.delivered(Job.get(id_), '', 'test')
        races.commit()
        delivered += [id_ for id_, _ in claimed]
    assert sorted(delivered) == sorted(posts)


def test_two_workers_ask_for_the_turn_at_once(races):
    got = races.at_once(*[lambda n=n: heartbeat.take_turn(f'worker {n}') for n in range(4)])
    assert sorted(got) == [False, False, False, True]


@pytest.fixture
def two_agents(db, event, desk, agent):
    """Two agents with a printer each at the same desk, heard of by two relays."""
    second = Agent(event=event, name='Laptop 2', token_hash='of the second', paired_dt=now_utc(), seen_dt=now_utc(),
                   link='link 2', spool='spool 2',
                   printers=[{'name': 'p2', 'state': 'idle', 'reasons': [], 'accepting': True}])
    desk.printers.append(DeskPrinter(position=1, agent=second, printer='p2'))
    db.session.flush()
    return [(agent.id, agent.link), (second.id, second.link)]


def test_two_relays_give_no_badge_twice(db, races, two_agents, ready):
    holding = {agent: {} for agent in two_agents}
    # each leaves some to the other
    for __ in range(20):
        answers = races.at_once(*(outgoing_jobs(*agent, holding[agent]) for agent in two_agents))
        for agent, messages in zip(two_agents, answers, strict=True):
            holding[agent] |= {uuid: (dispatch, 'go' if go else 'waiting') for uuid, dispatch, go in messages}
    given = [uuid for held in holding.values() for uuid in held]
    assert len(given) == len(set(given)) == 8
    assert {job.dispatch for job in Job.query.filter(Job.agent_id.isnot(None))} == {1}
    # and each printer has a go for one
    assert sorted(job.agent_id for job in Job.query.filter_by(state=S.dispatched)) == [id_ for id_, _ in two_agents]


def test_two_links_of_one_agent(races, agent, ready):
    """Both relays believe that it is theirs; the ledger knows which link it speaks through."""
    def _old():
        with suppress(Replaced):
            return outgoing_jobs(agent_id, 'the link before')()

    agent_id, link = agent.id, agent.link
    old, new = races.at_once(_old, outgoing_jobs(agent_id, link))
    assert old is None
    assert len(new) == 4
