"""A mail server that keeps what it is given, or answers as it is told."""

import email
import email.policy
import ssl
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Mailbox:
    """What came in.

    Args:
        after_data: what it answers to a mail.
        after_recipient: what it answers to a recipient.
    """

    def __init__(self, after_data, after_recipient):
        self.mails, self.envelopes = [], []
        self._after_data, self._after_recipient = after_data, after_recipient

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server, session, envelope, address, options
    ):
        envelope.rcpt_tos.append(address)
        return self._after_recipient

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as above
        self.envelopes.append(envelope)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self._after_data == "drop":
            server.transport.close()
        return self._after_data


class AnyPort(Controller):
    """A controller that takes a port of the system's choice."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def only(user, password):
    """Lets one user in."""

    def authenticate(server, session, envelope, mechanism, given):
        good = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    return authenticate


@contextmanager
def mailbox(
    after_data="250 taken",
    after_recipient="250 fine",
    certificate=None,
    security="starttls",
    **more,
):
    """A mail server at `port`, until the block ends; with a certificate it wants STARTTLS, or
    speaks TLS from the first byte on.
    """
    found = Mailbox(after_data, after_recipient)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        starttls = {"tls_context": context, "require_starttls": True}
        more |= starttls if security == "starttls" else {"ssl_context": context}
    controller = AnyPort(found, hostname="127.0.0.1", port=0, **more)
    controller.start()
    found.port = controller.port
    yield found
    controller.stop()
