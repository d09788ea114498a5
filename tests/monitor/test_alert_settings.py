"""Channels of the environment: read once, and refused with a way out when they cannot be used."""

import base64

import pytest

from nanwatch_monitor.app import create_app
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.settings import from_environment

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def settings(tmp_path, **environ):
    return from_environment({"NANWATCH_DIR": str(tmp_path), **environ})


def test_every_kind_of_channel_can_be_named(tmp_path):
    found = settings(
        tmp_path,
        NANWATCH_WEBHOOK_URL="https://example.org/hook",
        NANWATCH_WEBHOOK_SECRET=SECRET + "\n",
        NANWATCH_SLACK_URL="https://hooks.slack.com/services/x",
        NANWATCH_DISCORD_URL="https://discord.com/api/webhooks/x",
        NANWATCH_EMAIL_TO="a@example.org b@example.org",
    )
    kinds = {channel.id: channel.secret for channel in found.fixed_channels}
    assert kinds == {
        "env-webhook": SECRET,
        "env-slack": None,
        "env-discord": None,
        "env-email": None,
    }


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_of_a_mail_server_follows_from_its_security(tmp_path, security, port):
    named = {"NANWATCH_SMTP_HOST": "mx", "NANWATCH_SMTP_SECURITY": security}
    assert settings(tmp_path, **named).smtp.port == port
    assert settings(tmp_path, NANWATCH_SMTP_PORT="2525", **named).smtp.port == 2525


MAIL = {"NANWATCH_SMTP_HOST": "mx", "NANWATCH_EMAIL_TO": "a@example.org"}


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("NANWATCH_WEBHOOK_URL", {"NANWATCH_WEBHOOK_URL": "ftp://example.org"}),
        ("NANWATCH_SLACK_URL", {"NANWATCH_SLACK_URL": "hooks.slack.com"}),
        ("NANWATCH_EMAIL_TO", {"NANWATCH_EMAIL_TO": "a@example.org"}),
        ("NANWATCH_EMAIL_TO", {**MAIL, "NANWATCH_EMAIL_TO": "Ada <a@example.org>"}),
        ("NANWATCH_SMTP_PORT", {**MAIL, "NANWATCH_SMTP_PORT": "0"}),
        ("NANWATCH_SMTP_SECURITY", {**MAIL, "NANWATCH_SMTP_SECURITY": "ssl"}),
        ("NANWATCH_SMTP_FROM", {**MAIL, "NANWATCH_SMTP_FROM": "a@b\nBcc: c@d"}),
        ("NANWATCH_APPRISE_URL", {"NANWATCH_APPRISE_URL": "json://localhost/canary1"}),
        (
            "NANWATCH_WEBHOOK_URL",
            {"NANWATCH_WEBHOOK_URL": "https://x", "NANWATCH_WEBHOOK_SECRET": "canary1"},
        ),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(tmp_path, name, environ):
    with pytest.raises(SetupError, match=name) as error:
        create_app(settings(tmp_path, **environ))
    assert "canary1" not in str(error.value)


def test_a_mail_server_alone_sends_nothing(tmp_path):
    assert settings(tmp_path, NANWATCH_SMTP_HOST="mx").fixed_channels == ()


def test_settings_show_none_of_their_secrets(tmp_path):
    names = "TOKEN DATABASE_URL WEBHOOK_URL HEARTBEAT_URL SLACK_URL SMTP_PASSWORD WEBHOOK_SECRET"
    environ = {f"NANWATCH_{name}": "https://x.example/canary" for name in names.split()}
    more = {"NANWATCH_DIR": str(tmp_path), "NANWATCH_SMTP_HOST": "mail.example"}
    assert "canary" not in repr(from_environment(environ | more))
