"""Arguments beat the environment, the environment beats defaults, and slips are explained."""

from pathlib import Path

import pytest

from nanwatch.settings import ClientSettings, choose, is_loopback

resolve = ClientSettings.resolve


def test_defaults():
    settings = resolve(environ={})
    assert (settings.server, settings.token) == (None, None)
    assert (settings.project, settings.mode, settings.tags) == ("default", "online", ())
    assert settings.run
    assert settings.directory.name == "nanwatch"


def test_the_environment_beats_defaults_and_arguments_beat_the_environment():
    environ = {
        "NANWATCH_SERVER": "https://a.example",
        "NANWATCH_PROJECT": "a",
        "NANWATCH_MODE": "offline",
        "NANWATCH_TOKEN": "secret",
        "NANWATCH_DIR": "/data",
    }
    told = resolve(environ=environ)
    assert (told.server, told.project, told.mode) == ("https://a.example", "a", "offline")
    assert (told.token, told.directory) == ("secret", Path("/data"))
    asked = resolve("https://b.example", project="b", mode="disabled", environ=environ)
    assert (asked.server, asked.project, asked.mode) == ("https://b.example", "b", "disabled")


def test_empty_variables_count_as_not_set():
    names = ("SERVER", "PROJECT", "MODE", "TOKEN", "DIR")
    settings = resolve(environ={f"NANWATCH_{name}": "" for name in names})
    assert (settings.server, settings.project, settings.mode) == (None, "default", "online")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8777",
        "http://localhost:1",
        "http://[::1]:8777",
        "https://watch.example/nan/",
    ],
)
def test_servers_that_are_taken(url):
    assert resolve(url, environ={}).server == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:8777", "did you mean 'http://localhost:8777'"),
        ("", "did you mean"),
        ("ftp://x", "must begin with http"),
        ("http://", "name a host"),
        ("http://127.0.0.1:99999", "not a URL"),
        ("https://me:secret@x.example", "NANWATCH_TOKEN"),
        ("https://me:secret@x.example:99999", "NANWATCH_TOKEN"),
        ("https://x.example/?token=1", "NANWATCH_TOKEN"),
        ("http://x.example", "plain http"),
        ("http://127.0.0.1.x.example", "plain http"),
        (8777, "not a URL"),
    ],
)
def test_servers_that_are_refused_with_a_way_out(url, says):
    with pytest.raises(ValueError, match=says) as refused:
        resolve(url, environ={})
    assert "secret" not in str(refused.value)


def test_plain_http_elsewhere_needs_a_word():
    environ = {"NANWATCH_ALLOW_HTTP": "1"}
    assert resolve("http://server:8777", environ=environ).server == "http://server:8777"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mode": "ofline"}, "did you mean 'offline'"),
        ({"mode": "zzz"}, "'online', 'offline', 'disabled'"),
        ({"project": 5}, "project must be text"),
        ({"project": "a\nb"}, "one line"),
        ({"run": " "}, "printable"),
        ({"run": "x" * 257}, "256"),
        ({"tags": "baseline"}, r"tags=\['baseline'\]"),
        ({"tags": [1]}, "each tag must be text"),
        ({"tags": ["t"] * 65}, "65 tags"),
        ({"config": [1]}, "config must be a dict"),
    ],
)
def test_slips_are_explained(arguments, says):
    with pytest.raises(ValueError, match=says):
        resolve(**arguments, environ={})


def test_a_slip_in_a_variable_is_told_by_its_name():
    with pytest.raises(ValueError, match="NANWATCH_MODE='offlin' is not known"):
        ClientSettings.resolve(environ={"NANWATCH_MODE": "offlin"})


def test_config_is_made_plain_and_the_users_own_stays_as_it_is():
    mine = {"layers": (64, 32)}
    assert resolve(config=mine, environ={}).config == {"layers": [64, 32]}
    assert mine == {"layers": (64, 32)}


def test_choose_suggests_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'rollback'"):
        choose("on_nonfinite", "roll_back", ("stop", "skip", "rollback", "record"))
    assert choose("on_nonfinite", "skip", ("stop", "skip")) == "skip"


@pytest.mark.parametrize(
    ("host", "verdict"),
    [("localhost", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("x", False)],
)
def test_loopback(host, verdict):
    assert is_loopback(host) is verdict


@pytest.mark.parametrize("token", ["nw_a_one\nnw_a_two", "nw_a_\u00e9"])
def test_a_token_that_cannot_travel_is_refused_and_not_shown(token):
    with pytest.raises(ValueError, match="nanwatch token") as refused:
        resolve(environ={"NANWATCH_TOKEN": token})
    assert "nw_a_" not in str(refused.value)


def test_a_token_read_from_a_file_loses_its_line_break():
    assert resolve(environ={"NANWATCH_TOKEN": "nw_a_x\n"}).token == "nw_a_x"


def test_a_folder_stays_the_same_when_the_training_changes_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resolve(environ={"NANWATCH_DIR": "here"}).directory == tmp_path / "here"


def test_a_refusal_names_who_said_it():
    with pytest.raises(
        ValueError, match=r"NANWATCH_SERVER='http:'.*mean 'http://127\.0\.0\.1:8777'"
    ):
        ClientSettings.resolve(environ={"NANWATCH_SERVER": "http://"})
    with pytest.raises(ValueError, match=r"^server='http://x:99999' is not a URL"):
        ClientSettings.resolve("http://x:99999", environ={"NANWATCH_SERVER": "http://"})


@pytest.mark.parametrize(
    ("server", "command"),
    [(None, "nanwatch sync"), ("http://[::1]:5", "nanwatch sync --server http://[::1]:5")],
)
def test_what_is_kept_is_delivered_to_the_server_that_was_meant(server, command):
    assert ClientSettings.resolve(server, environ={}).sync_command == command
