"""Secrets stay where they are: whatever a run tells of its set-up and its end is without them."""

import json

import pytest

import nanwatch
from nanwatch.redact import REDACTED, Redactor
from nanwatch.settings import ClientSettings
from nanwatch.transport import Endpoint
from stored import events_of

CANARY = "canary-4f9d17c3a8"
PLAIN = Redactor({}, "/home/ann")


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "db_password",
        "PASSWD",
        "secret",
        "clientSecret",
        "aws_secret_access_key",
        "apiKey",
        "APIKey",
        "api-key",
        "OPENAI_API_KEY",
        "access_token",
        "authToken",
        "credentials",
        "private_key",
        "hf_token",
        "token",
    ],
)
def test_what_goes_by_the_name_of_a_secret_is_taken_out(key):
    assert PLAIN.value({"a": [{key: CANARY}]}) == {"a": [{key: REDACTED}]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_tokens", 512),
        ("pad_token", "<|endoftext|>"),
        ("eos_token", "[SEP]"),
        ("tokenizer", "bert-base-uncased"),
        ("author", "Ann Example"),
        ("secretary", "Bob Example"),
        ("sort_key", "validation_loss"),
        ("use_password", True),
        ("password", None),
        ("password", ""),
        ("keypoints", 17),
        ("activation", "softmax"),
    ],
)
def test_what_only_sounds_like_one_stays(key, value):
    assert PLAIN.value({key: value}) == {key: value}


@pytest.mark.parametrize(
    "text",
    [
        f"cannot open postgresql://ann:{CANARY}@db.example/runs",
        f"404 for https://example.org/data?user=ann&token={CANARY}&page=2",
        f"https://bucket.s3.amazonaws.com/x?X-Amz-Signature={CANARY}#a",
        f"login failed: password={CANARY}",
        f'{{"api_key": "{CANARY}", "rate": 0.1}}',
        f"WANDB_API_KEY={CANARY} python train.py",
        f"Authorization: Basic {CANARY}",
        f"Bearer {CANARY}-and-more",
        f"eyJhbGciOiJIUzI1NiJ9.{CANARY}.x",
        f"key sk-proj-{CANARY}-{CANARY}",
        f"token nw_w_{CANARY}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
    ],
)
def test_what_has_the_form_of_one_is_taken_out(text):
    told = PLAIN.text(text)
    assert CANARY not in told
    assert REDACTED in told


@pytest.mark.parametrize(
    "text",
    [
        "expected 3 tokens: got 4",
        "unexpected token: everything_after",
        "basic training of sk_learn_style_pipelines",
        "Input 0 of layer 'dense' is incompatible: shape=(None, 784) axis -1",
        "see https://keras.io/api/layers?page=2#dense and mail ann@example.org",
        "hf_transformers_model at ratio 3:1, password too short",
        "ValueError: labels: [0 1 2], key_dim=64, pad_token=<pad>",
    ],
)
def test_ordinary_words_stay(text):
    assert PLAIN.text(text) == text


def test_all_that_lies_under_such_a_name_is_taken_out():
    told = PLAIN.value({"credentials": {"user": "ann", "pin": CANARY}, "secrets": [CANARY]})
    assert told == {"credentials": REDACTED, "secrets": REDACTED}


def test_the_folder_of_the_user_is_a_tilde():
    told = PLAIN.text("No such file: '/home/ann/data/x.csv' (not /home/anna/y or /srv/home/ann/z)")
    assert told == "No such file: '~/data/x.csv' (not /home/anna/y or /srv/home/ann/z)"


def test_values_of_secret_variables_are_known_wherever_they_turn_up():
    environ = {"HF_TOKEN": CANARY, "MY_PASSWORD": "hunter2!x", "SECRET": "short", "LANG": "C.UTF-8"}
    redactor = Redactor(environ, "")
    assert redactor.text(f"a {CANARY} b hunter2!x c short C.UTF-8") == (
        f"a {REDACTED} b {REDACTED} c short C.UTF-8"
    )


def test_nothing_of_it_reaches_the_disk_or_the_wire(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))
    monkeypatch.setenv("CLOUD_API_KEY", CANARY)
    config = {"api_key": CANARY, "nested": [{"note": f"made with {CANARY}"}], "rate": 0.1}
    run = nanwatch.start_run(mode="offline", config=config, tags=[CANARY])
    with pytest.raises(ValueError, match=CANARY), run:
        raise ValueError(f"GET https://x.example/?token={CANARY}: 403, in {CANARY}")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() not in kept
    assert CANARY not in "".join(capfd.readouterr())
    started = events_of(tmp_path, run.id)[0]
    assert json.loads(json.dumps(dict(started.config))) == {
        "api_key": REDACTED,
        "nested": [{"note": f"made with {REDACTED}"}],
        "rate": 0.1,
    }


def test_no_representation_holds_the_token():
    settings = ClientSettings.resolve(environ={"NANWATCH_TOKEN": CANARY, "NANWATCH_DIR": "/x"})
    assert settings.token == CANARY
    assert CANARY not in repr(settings) + repr(Endpoint("http://127.0.0.1:1", CANARY))
