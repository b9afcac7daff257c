"""Who makes the POSTs to webhooks: the relay, else one Celery worker at a time; and that webhooks take turns."""

import asyncio
import threading
import time

import pytest

from indico_checkin_print import heartbeat, ledger, tasks
from indico_checkin_print.credentials import seal
from indico_checkin_print.delivery import deliver as deliver_module
from indico_checkin_print.delivery.deliver import Delivery
from indico_checkin_print.delivery.post import Answer, PostError
from indico_checkin_print.errors import DatabaseAway
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.relay import posts as posts_module
from indico_checkin_print.relay.metrics import Metrics
from indico_checkin_print.relay.posts import Posts
from indico_checkin_print.work.worker import post_waiting
from tests.plugin.conftest import SECRET


#: More than anything here takes, in seconds; only a fault makes a test wait so long.
TIMEOUT = 30
RELAY = f'{heartbeat.POSTS}here:8630'


@pytest.fixture
def hooks(db, dummy_event):
    """Three webhooks that hear of every check-in."""
    hooks = [Webhook(event_id=dummy_event.id, name=f'Hook {n}', url=f'https://198.51.100.7/{n}',
                     secrets=[seal(SECRET)], send_badge=False, fields=[]) for n in range(3)]
    db.session.add_all(hooks)
    db.session.flush()
    return hooks


@pytest.fixture
def sent(mocker):
    """Replaces the network; the last parts of the URLs, in the order of the POSTs."""
    sent = []

    def _post(url, **__):
        sent.append(url.rpartition('/')[2])
        return Answer(204, 0.01)
    mocker.patch.object(deliver_module, 'post', _post)
    return sent


@pytest.fixture
def later(mocker):
    """The countdowns of the tasks that were asked for."""
    return mocker.patch.object(tasks.post, 'apply_async')


def age(db, name, seconds):
    values = {'dt': db.text(f"dt - interval '{seconds} s'")}
    Heartbeat.query.filter_by(name=name).update(values, synchronize_session=False)


def test_webhooks_take_turns(check_in, create_reg, hooks):
    for name in ('Ada', 'Bob', 'Eve'):
        check_in(create_reg(first_name=name))
    turns = []
    while (ready := deliver_module.begin('test')) is not None:
        turns.append(ready.webhook_id)
        deliver_module.enter(ready, Answer(204, 0.01), 'test')
        # all in one transaction here, in which the clock stands still
        Webhook.get(ready.webhook_id).posted_dt = Attempt.query.filter_by(id=ready.attempt_id).one().dt
    assert [sorted(turns[n:n + 3]) for n in (0, 3, 6)] == [sorted(hook.id for hook in hooks)] * 3


def test_badges_alone(check_in, reg, hooks, webhook_desk, db):
    from indico_checkin_print.work.worker import render_waiting
    check_in(reg)
    render_waiting('test')
    ready = deliver_module.begin('test', only_badges=True)
    assert (ready.kind, ready.webhook_id) == ('badge', webhook_desk.webhook_id)
    assert deliver_module.begin('test', only_badges=True) is None
    assert deliver_module.begin('test').is_data


def test_a_slow_receiver_holds_up_no_other_and_no_rendering(check_in, create_reg, hooks, mocker):
    for name in ('Ada', 'Bob'):
        check_in(create_reg(first_name=name))
    free, order = threading.Event(), []

    def _post(url, **__):
        if url.endswith('/0'):
            assert free.wait(TIMEOUT)
        order.append(url.rpartition('/')[2])
        return Answer(204, 0.01)

    def _meanwhile():
        # the slow one answers when the others have all they should have
        if sorted(order) == ['1', '1', '2', '2']:
            free.set()

    mocker.patch.object(deliver_module, 'post', _post)
    assert post_waiting('test', meanwhile=_meanwhile)[0] == 6
    assert sorted(order) == ['0', '0', '1', '1', '2', '2']
    assert order[-1] == '0'


def test_a_fault_of_ours_is_no_answer(check_in, reg, webhook, mocker, db):
    mocker.patch.object(deliver_module, 'post', side_effect=KeyError('nobody expected this'))
    job = next(j for j in check_in(reg) if j.webhook_id == webhook.id)
    assert post_waiting('test')[0] == 1
    db.session.refresh(job)
    assert job.state == JobState.ready
    assert Attempt.query.one().error == PostError.interrupted
    assert Attempt.query.one().may_have_arrived


def test_celery_leaves_posts_to_a_relay_and_takes_over(db, check_in, reg, hooks, sent, later):
    check_in(reg)
    heartbeat.beat(RELAY)
    tasks.work()
    tasks.post()
    assert not sent
    # the relay has it; only if it should be gone
    assert later.call_args.kwargs['countdown'] > heartbeat.POSTS_TIMEOUT
    age(db, RELAY, heartbeat.POSTS_TIMEOUT + 1)
    tasks.work()
    assert later.call_args.kwargs['countdown'] == 0
    tasks.post()
    assert sorted(sent) == ['0', '1', '2']


def test_one_celery_worker_at_a_time(db, check_in, reg, hooks, sent, later):
    check_in(reg)
    assert heartbeat.take_turn('another worker')
    assert heartbeat.take_turn('another worker')
    tasks.post()
    assert not sent
    # it died
    age(db, heartbeat.TURN, heartbeat.TURN_TIMEOUT + 1)
    tasks.post()
    assert sorted(sent) == ['0', '1', '2']
    assert Heartbeat.query.filter_by(name=heartbeat.TURN).first() is None
    # nothing is due, so nobody is asked
    assert not later.called


def test_a_worker_whose_turn_ended_begins_no_more(check_in, reg, hooks, sent):
    answers = [True, False]
    check_in(reg)
    assert post_waiting('test', may_claim=lambda: bool(answers) and answers.pop(0))[0] == 1


def test_what_became_due_while_another_had_the_turn(check_in, reg, hooks, sent, later, mocker):
    """Those that could not send leave it to the one whose turn it is, even if that has just stopped to look."""
    mocker.patch.object(tasks, 'post_waiting', side_effect=lambda *args, **kwargs: (check_in(reg), None))
    tasks.post()
    assert later.call_args.kwargs['countdown'] == 0


class FakeDatabase:
    """Instead of the relay's `Database`: no threads, and what is due is a list."""

    def __init__(self, due=()):
        self.due = list(due)
        self.entered = []
        self.heartbeats = []
        self.fail = None

    async def call(self, function, *args, retry_for=0, **kwargs):
        await asyncio.sleep(0)
        if self.fail:
            raise self.fail
        if function is heartbeat.beat:
            self.heartbeats.append(args[0])
        elif function is heartbeat.forget:
            self.heartbeats.remove(args[0])
        elif function is deliver_module.begin:
            return next((self.due.pop(n) for n, ready in enumerate(self.due)
                         if not (kwargs['only_badges'] and ready.is_data)), None)
        else:
            assert function is deliver_module.enter
            self.entered.append(args[0].job_id)
        return None


def ready(job_id, kind='data'):
    return Delivery(ledger.Claim(job_id, 1, 1), job_id, kind, attempt_id=job_id, request={'url': str(job_id)})


async def until(condition):
    until = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


@pytest.fixture
def log(mocker):
    return mocker.Mock()


@pytest.fixture
def network(mocker):
    """Receivers that answer when a test lets them."""
    free = threading.Event()

    def _send(delivery):
        assert free.wait(TIMEOUT)
        return Answer(204, 0.01)
    mocker.patch.object(deliver_module, 'send', _send)
    yield free
    free.set()


def test_the_relay_makes_many_at_once_and_keeps_room_for_badges(network, log, mocker):
    async def run():
        mocker.patch.multiple(posts_module, AT_ONCE=8, DATA_AT_ONCE=6)
        database, metrics = FakeDatabase([ready(n) for n in range(10)]), Metrics()
        posts = Posts(database, metrics, log)
        task = asyncio.create_task(posts.run('here:1'))
        await until(lambda: len(posts) == 6)
        database.due.append(ready(99, 'badge'))
        posts.wake()
        await until(lambda: len(posts) == 7)
        assert database.heartbeats
        network.set()
        await until(lambda: len(database.entered) == 11)
        assert sorted(database.entered) == [*range(10), 99]
        assert 'posts_total{result="204"} 11.0' in metrics.text(agents=0, in_flight=0, database_up=1, posts_in_flight=0)
        task.cancel()
    asyncio.run(run())


def test_the_relay_stops_in_the_middle(network, log, mocker):
    """It says so at once, so that others take over, and leaves what hangs to its lease."""
    async def run():
        mocker.patch.object(posts_module, 'STOP_TIMEOUT', 0.1)
        database = FakeDatabase([ready(1)])
        posts = Posts(database, Metrics(), log)
        task = asyncio.create_task(posts.run('here:1'))
        await until(lambda: len(posts) == 1 and database.heartbeats)
        task.cancel()
        await posts.stop()
        assert not database.heartbeats
        assert not database.entered
        assert 'left in the middle' in log.warning.call_args.args[0]
    asyncio.run(run())


def test_the_database_is_away(network, log):
    async def run():
        network.set()
        database = FakeDatabase([ready(1)])
        database.fail = DatabaseAway('restarting')
        posts = Posts(database, Metrics(), log)
        task = asyncio.create_task(posts.run('here:1'))
        await asyncio.sleep(0.05)
        database.fail = None
        posts.wake()
        await until(lambda: database.entered == [1])
        task.cancel()
    asyncio.run(run())


def test_a_rendered_badge_wakes_who_posts(ready_job, webhook_desk, mocker, db):
    notify = mocker.patch('indico_checkin_print.ledger.claims.notify')
    Job.query.filter_by(id=ready_job.id).update({'state': JobState.queued})
    job = ledger.claim_render('test')
    ledger.rendered(job, None, 'test')
    notify.assert_called_once_with('queued')


def test_a_check_in_wakes_posts_only_for_what_is_due(check_in, create_reg, webhook, mocker, db):
    """A check in wakes who posts only for what can be sent now."""
    notify = mocker.patch('indico_checkin_print.ledger.create.notify')
    webhook.enabled = False
    check_in(create_reg('Ada'))
    notify.assert_not_called()
    webhook.enabled, webhook.send_badge = True, False
    check_in(create_reg('Grace'))
    notify.assert_called_once_with('queued')
