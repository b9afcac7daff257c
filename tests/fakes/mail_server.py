"""A real mail server that answers some addresses with an error, and keeps what it takes."""

import email
from email.policy import default as policy

from tests.stack.process import free_port


class MailServer:
    """Answers some addresses with an error, and keeps what it takes."""

    def __init__(self):
        self.port = free_port()
        #: (address, e-mail)
        self.got = []
        #: address -> what it is answered, to RCPT or to the text
        self.at_rcpt, self.at_data = {}, {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.at_rcpt.get(address, '250 OK')

    async def handle_DATA(self, server, session, envelope):
        to, = envelope.rcpt_tos
        if self.at_data.get(to) == 'hang up':
            session.peer = None
            server.transport.close()
            return '250 OK'
        if to in self.at_data:
            return self.at_data[to]
        self.got.append((to, email.message_from_bytes(envelope.content, policy=policy)))
        return '250 OK'
