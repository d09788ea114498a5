"""Mails say what happened to those they are for, and to nobody else."""

import shutil
import subprocess

import pytest

from monitor.alerting import Post, Runs
from monitor.mailbox import mailbox, only
from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.mail import Mail, mail_of
from nanwatch_monitor.alerts.settings import ChannelSettings, Smtp
from nanwatch_monitor.store.outbox import Message

TEST = Message("msg_1", "env-email", "test")


def smtp(box, **more):
    return Smtp("127.0.0.1", box.port, "nanwatch@example.org", security="none", **more)


@pytest.fixture
def sent(store, clock):
    """Sends the alert of a run by mail; the mails that arrive."""

    def send(run_id="run1", name_of_project="zoo"):
        with mailbox() as box:
            channel = ChannelSettings("env-webhook", "email", "Mail", "a@example.org")
            Runs(store, clock).fails(run_id, name_of_project)
            Post(store, clock, channel, smtp=smtp(box)).goes(2)
        return box.mails

    return send


def test_a_mail_says_what_where_why_and_what_to_do(sent):
    (mail,) = sent()
    assert mail["Subject"] == "[nanwatch] The loss is not finite: name of run1"
    assert (mail["To"], mail["Bcc"]) == ("a@example.org", None)
    text = mail.get_content()
    for said in (
        "critical: the loss is not finite",
        "step 7 (epoch 2, batch 4), input age, rows 3, 17",
        "nan_in_features 90%, nan_in_features 5%",
        "NaN in the batch: 2 of 32 rows (healthy: 0)",
        "Fix: Drop the rows.",
        "    x = x[ok]",
        "http://here/runs/run1",
    ):
        assert said in text


def test_mails_about_one_run_stand_in_one_thread(store, clock):
    runs = Runs(store, clock)
    ids = [runs.fails(), runs.fails(symptom="overfit"), runs.fails("run2")]
    threads = [
        mail_of(
            Message("msg_1", "x", "firing", incident_ids=(one.id,), incidents=(one,)),
            "a@b",
            ("c@d",),
            "http://here",
        )["References"]
        for one in store.incidents.some(ids)
    ]
    assert threads[0] == threads[1] != threads[2]


def test_names_cannot_make_headers(store, clock):
    incident_id = Runs(store, clock).fails()
    (incident,) = store.incidents.some([incident_id])
    hostile = type(incident)(**{**vars(incident), "run_name": "über\r\nBcc: eve@example.org\x1b"})
    message = Message("msg_1", "x", "firing", incident_ids=(1,), incidents=(hostile,))
    with mailbox() as box:
        Mail(smtp(box), ("a@example.org",), "http://here").send(message)
    ((mail,), (envelope,)) = box.mails, box.envelopes
    assert mail["Bcc"] is None
    assert envelope.rcpt_tos == ["a@example.org"]
    assert mail["Subject"].endswith("über  Bcc: eve@example.org ")


def failure(box, **more):
    """The DeliveryError of a test mail."""
    with pytest.raises(DeliveryError) as error:
        Mail(smtp(box, **more), ("a@example.org",), "http://here").send(TEST)
    return error.value


@pytest.mark.parametrize(
    ("answers", "status", "permanent"),
    [
        ({"after_data": "451 later"}, 451, False),
        ({"after_data": "550 never"}, 550, True),
        ({"after_recipient": "550 who?"}, 550, True),
        ({"after_recipient": "450 busy"}, 450, False),
        ({"after_data": "drop"}, None, False),
    ],
)
def test_a_refusal_that_passes_is_tried_again_and_a_final_one_is_not(answers, status, permanent):
    with mailbox(**answers) as box:
        error = failure(box)
    assert (error.status, error.permanent) == (status, permanent)


def test_a_wrong_password_is_final_and_not_told():
    asks = {"auth_require_tls": False, "authenticator": only("ada", "right")}
    with mailbox(**asks) as box:
        error = failure(box, user="ada", password="canary1")
        assert (error.status, error.permanent) == (535, True)
        assert "canary1" not in str(error)
        Mail(smtp(box, user="ada", password="right"), ("a@example.org",), "http://here").send(TEST)
    assert len(box.mails) == 1


@pytest.fixture
def certificate(tmp_path):
    """A certificate of this machine, with its key, that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    both = tmp_path / "both.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", tmp_path / "key.pem", "-out", both]
    subprocess.run([*made.split(), *subject, *files], check=True, capture_output=True)
    both.write_bytes(both.read_bytes() + (tmp_path / "key.pem").read_bytes())
    return both


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_not_taken(certificate, security):
    with mailbox(certificate=certificate, security=security) as box:
        server = Smtp("127.0.0.1", box.port, "nanwatch@example.org", security=security)
        with pytest.raises(DeliveryError, match="certificate"):
            Mail(server, ("a@example.org",), "http://here").send(TEST)
    assert box.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_encrypted_and_the_password_with_it(certificate, security, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # now somebody does
    asks = {"auth_require_tls": security == "starttls", "authenticator": only("ada", "right")}
    with mailbox(certificate=certificate, security=security, **asks) as box:
        server = Smtp("127.0.0.1", box.port, "n@example.org", "ada", "right", security)
        Mail(server, ("a@example.org",), "http://here").send(TEST)
    assert [mail["To"] for mail in box.mails] == ["a@example.org"]


def test_a_mail_server_that_offers_no_encryption_gets_no_password():
    asks = {"auth_require_tls": False, "authenticator": only("ada", "right")}
    with mailbox(**asks) as box:
        server = Smtp("127.0.0.1", box.port, "n@example.org", "ada", "right")
        with pytest.raises(DeliveryError, match="does not offer"):
            Mail(server, ("a@example.org",), "http://here").send(TEST)
    assert box.mails == []


def test_what_is_secret_is_in_no_repr():
    assert "canary1" not in repr(Smtp("host", 25, "a@b", "ada", "canary1"))
    assert "canary1" not in repr(
        ChannelSettings("1", "webhook", "Ops", "https://canary1", "canary1")
    )
