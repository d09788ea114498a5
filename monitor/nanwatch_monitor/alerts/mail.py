"""E-mail by SMTP."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate

from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.settings import Smtp
from nanwatch_monitor.alerts.words import as_text, cut, words_of
from nanwatch_monitor.store.outbox import Message

WITHIN_S = 10.0
LONGEST_SUBJECT = 150


class Mail:
    """Sends to some addresses.

    Args:
        recipients: addresses, which were checked.
        public_url: where people reach this server, for the links.
    """

    def __init__(self, smtp: Smtp, recipients: tuple[str, ...], public_url: str) -> None:
        self._smtp, self._recipients, self._public_url = smtp, recipients, public_url

    def send(self, message: Message) -> int:
        """Deliver, or raise DeliveryError."""
        mail = mail_of(message, self._smtp.sender, self._recipients, self._public_url)
        try:
            with _session(self._smtp) as session:
                refused = session.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients) from error
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryError(_why(error), permanent=False) from error
        if refused:
            raise _refused(refused)
        return 250


def mail_of(
    message: Message, sender: str, recipients: tuple[str, ...], public_url: str
) -> EmailMessage:
    """The mail. Its Message-ID is the same at every attempt, and what is about the same run
    stands in one thread.
    """
    words = words_of(message, public_url)
    mail = EmailMessage()
    mail["Subject"] = cut(f"[nanwatch] {words.title}", LONGEST_SUBJECT)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = formatdate(message.created_at or None)
    domain = sender.rpartition("@")[2] or "nanwatch"
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    if len(message.incidents) == 1:
        thread = hashlib.sha256(f"{public_url} {message.incidents[0].run_id}".encode()).hexdigest()
        mail["References"] = f"<{thread[:32]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(words))
    return mail


@contextmanager
def _session(smtp: Smtp) -> Iterator[smtplib.SMTP]:
    if smtp.security == "tls":
        context = ssl.create_default_context()
        opened: smtplib.SMTP = smtplib.SMTP_SSL(
            smtp.host, smtp.port, timeout=WITHIN_S, context=context
        )
    else:
        opened = smtplib.SMTP(smtp.host, smtp.port, timeout=WITHIN_S)
    with opened as session:
        if smtp.security == "starttls":
            session.starttls(context=ssl.create_default_context())
        if smtp.user is not None:
            session.login(smtp.user, smtp.password or "")
        yield session


def _refused(recipients: dict[str, tuple[int, bytes]]) -> DeliveryError:
    codes = [code for code, _ in recipients.values()]
    return _answered(max(codes))


def _answered(code: int) -> DeliveryError:
    """RFC 5321: 5yz is final, 4yz passes."""
    permanent = 500 <= code < 600
    return DeliveryError(f"the mail server answered {code}", permanent=permanent, status=code)


def _why(error: Exception) -> str:
    words = {
        "SMTPServerDisconnected": "the mail server hung up",
        "SMTPNotSupportedError": "the mail server does not offer what is asked of it",
        "ConnectionRefusedError": "no mail server answers there",
        "TimeoutError": "the mail server does not answer",
        "SSLCertVerificationError": "the mail server's certificate cannot be verified",
        "gaierror": "the mail server's name is not known",
    }
    return words.get(type(error).__name__, type(error).__name__)
