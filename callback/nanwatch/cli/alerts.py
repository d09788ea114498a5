"""`nanwatch alerts`: what went wrong, what is made of it, and whether channels work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from nanwatch.cli.connection import (
    RefusedError,
    fetch,
    json_option,
    open_link,
    post,
    printable,
    server_option,
    write_json,
    write_listing,
    write_table,
)

ALERTS, CHANNELS = "/api/v1/alerts", "/api/v1/channels"
STATES = ("open", "acknowledged", "resolved", "all")
SEVERITIES = ("warning", "critical")
COLUMNS = {
    "id": "id",
    "severity": "severity",
    "state": "state",
    "symptom": "symptom",
    "fault": "fault",
    "run": "run_name",
    "step": "first_step",
    "since": "opened_at",
    "cause": "label",
    "summary": "summary",
}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d{1,6})([smhd])")


alert_id = click.argument("alert_id", type=click.IntRange(0), metavar="ALERT")


@click.group(invoke_without_command=True)
@click.option("--state", type=click.Choice(STATES), default="all", show_default=True)
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only alerts this grave.")
@click.option("--project", help="Only this project.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@server_option
@json_option
@click.pass_context
def alerts(
    context: click.Context,
    state: str,
    severity: str | None,
    project: str | None,
    limit: int,
    server: str | None,
    as_json: bool,
) -> None:
    """List what went wrong, the latest first; or deal with it by one of the commands below."""
    if context.invoked_subcommand is not None:
        return
    asked = {"state": state, "severity": severity, "project": project}
    write_listing(server, ALERTS, "alerts", limit, asked, as_json, COLUMNS)


@alerts.command()
@alert_id
@server_option
def ack(alert_id: int, server: str | None) -> None:
    """Say that you look after an alert."""
    _change(server, alert_id, "acknowledge")


@alerts.command()
@alert_id
@server_option
def resolve(alert_id: int, server: str | None) -> None:
    """Say that an alert is done with."""
    _change(server, alert_id, "resolve")


@alerts.command()
@alert_id
@server_option
def reopen(alert_id: int, server: str | None) -> None:
    """Say that an alert is not done with after all."""
    _change(server, alert_id, "reopen")


@alerts.command()
@alert_id
@click.option("--for", "time", metavar="TIME", help="30m, 2h, 7d; default: until it is worse.")
@server_option
def mute(alert_id: int, time: str | None, server: str | None) -> None:
    """Be told nothing more of an alert, for a while or until it becomes worse."""
    until = "worse" if time is None else seconds_of(time)
    _change(server, alert_id, "mute", {"until": until})


@alerts.command()
@alert_id
@server_option
def unmute(alert_id: int, server: str | None) -> None:
    """Be told of an alert again."""
    _change(server, alert_id, "unmute")


@alerts.command()
@click.argument("channel", required=False)
@server_option
@json_option
def test(channel: str | None, server: str | None, as_json: bool) -> None:
    """Send a test over every channel that is on, or over one: by its id, or its name."""
    with open_link(server) as link:
        known = fetch(link, CHANNELS)["channels"]
        chosen = [one for one in known if _is_meant(one, channel)]
        if not chosen:
            raise click.ClickException(_no_channel(channel))
        answers = [post(link, f"{CHANNELS}/{one['id']}/test", {}) for one in chosen]
    told = [{**one, "test": answer} for one, answer in zip(chosen, answers, strict=True)]
    if as_json:
        write_json({"channels": told})
    else:
        _write_tests(told)
    if not all(answer["ok"] for answer in answers):
        raise SystemExit(1)


def seconds_of(time: str) -> int:
    """The seconds of a time such as 90s, 30m, 2h or 7d. Raises RefusedError."""
    found = _TIME.fullmatch(time)
    if found is None:
        raise RefusedError(f"{time!r} is no time such as 30m, 2h or 7d")
    return int(found[1]) * _UNITS[found[2]]


def _change(
    server: str | None, alert_id: int, verb: str, body: Mapping[str, object] | None = None
) -> None:
    with open_link(server) as link:
        found = post(link, f"{ALERTS}/{alert_id}/{verb}", body or {})
    muted = f", muted until {found['muted_until'] or 'it is worse'}" if found["muted"] else ""
    words = f"alert {found['id']} ({found['symptom']} in {found['run_name']}): {found['state']}"
    click.echo(printable(words + muted))


def _is_meant(channel: Mapping[str, Any], wanted: str | None) -> bool:
    if wanted is None:
        return bool(channel["enabled"])
    return wanted in (channel["id"], channel["name"])


def _no_channel(wanted: str | None) -> str:
    if wanted is not None:
        return f"there is no channel {wanted!r}; `nanwatch alerts test` tries all that are on"
    return (
        "no channel is set up. Add one on the page /settings, or set NANWATCH_WEBHOOK_URL,"
        " NANWATCH_SLACK_URL, NANWATCH_DISCORD_URL or NANWATCH_EMAIL_TO at the server."
    )


def _write_tests(told: list[dict[str, Any]]) -> None:
    heads = ("id", "kind", "name", "target", "arrived", "status", "ms", "error")
    rows = []
    for one in told:
        answer = one["test"]
        arrived = "yes" if answer["ok"] else "no"
        ends = (arrived, answer["status"], answer["latency_ms"], answer["error"])
        rows.append([*(one[key] for key in heads[:4]), *ends])
    write_table("Channels", heads, rows)
