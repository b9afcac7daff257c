"""An agent that says and hears things, without a link."""

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Hello, Printer

from indico_checkin_print.agents.inbound import hello, receive
from indico_checkin_print.agents.outbound import outgoing


def next_messages(agent, holding=None):
    """Return what an agent is sent that holds this."""
    return outgoing(agent.id, agent.link, holding or {})


def fresh(db, *objects):
    """Read objects anew."""
    for obj in objects:
        db.session.refresh(obj)


def say_hello(agent, link='new', holding=(), spool='spool'):
    return hello(agent.id, link, Hello(spool=spool, software='test/1', printers=(Printer(name='p1'),),
                                       holding=tuple(holding)))


def stop(agent, printer='p1', reason='media-empty-error'):
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name=printer, state='stopped',
                                                                      reasons=(reason,)),)))
