"""The kick: once for many, never in the way, and quiet while the broker is away."""

import threading

from indico_checkin_print import kick
from indico_checkin_print.kick import Kicker


class Broker:
    """Counts kicks; `answer` is what each does."""

    def __init__(self, answer=lambda: None):
        self.kicks = 0
        self.kicked = threading.Event()
        self.answer = answer

    def __call__(self):
        self.kicks += 1
        self.kicked.set()
        self.answer()


def test_a_burst_is_one_kick():
    hold = threading.Event()
    broker = Broker(hold.wait)
    kicker = Kicker(broker, on_error=None)
    kicker.want()
    assert broker.kicked.wait(10)
    broker.kicked.clear()
    for __ in range(50):
        # returns although the broker hangs
        kicker.want()
    assert broker.kicks == 1
    hold.set()
    assert broker.kicked.wait(10)
    kicker._thread.join(0.1)
    assert broker.kicks == 2


def test_a_dead_broker_is_left_alone():
    def _fail():
        raise ConnectionError('gone')

    errors, reported = [], threading.Event()
    broker = Broker(_fail)
    kicker = Kicker(broker, on_error=lambda exc: (errors.append(exc), reported.set()), pause=3600)
    kicker.want()
    assert reported.wait(10)
    kicker.want()
    assert not kicker._wanted.is_set()
    assert broker.kicks == len(errors) == 1


def test_in_a_request_the_kick_follows_the_response(app, mocker):
    want = mocker.patch.object(kick.kicker, 'want')
    with app.test_request_context():
        kick._committed(mocker.Mock(info={kick._WANTED: True}, in_nested_transaction=lambda: False))
        response = app.process_response(app.make_response('checked in'))
        assert not want.called
        response.close()
    want.assert_called_once()


def test_a_request_without_a_response_kicks_when_it_ends(app, mocker):
    """As tasks of Celery and shells have one, and whatever commits after its response was made."""
    want = mocker.patch.object(kick.kicker, 'want')
    with app.test_request_context():
        kick._committed(mocker.Mock(info={kick._WANTED: True}, in_nested_transaction=lambda: False))
        assert not want.called
    want.assert_called_once()


def test_a_response_that_is_sent_kicks_once(app, mocker):
    want = mocker.patch.object(kick.kicker, 'want')
    with app.test_request_context():
        for __ in range(2):
            kick._committed(mocker.Mock(info={kick._WANTED: True}, in_nested_transaction=lambda: False))
        response = app.process_response(app.make_response('checked in'))
    assert not want.called
    response.close()
    assert want.called
