"""`nanwatch token`: this user's own token, and those that are made for others."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from nanwatch.cli.connection import (
    delete,
    fetch,
    json_option,
    open_link,
    post,
    server_option,
    write_json,
    write_table,
)
from nanwatch.transport import LOGIN_CODES, Endpoint, Link, LinkError
from nanwatch_monitor.commands import refusals, settings_of
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.rights import SCOPES
from nanwatch_monitor.settings import ServerSettings

TOKENS = "/api/v1/tokens"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Duration(click.ParamType[int]):
    """A number and a unit, such as 12h or 30d; in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The seconds."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,6})([smhdw])", str(value))
        if found is None:
            self.fail("say a number and one of s, m, h, d, w, such as 30d", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.group(invoke_without_command=True)
@click.option("--login", is_flag=True, help="Print a link that logs a browser in, once.")
@click.pass_context
def token(context: click.Context, login: bool) -> None:
    """Print this user's token; make, list and revoke others."""
    if context.invoked_subcommand is not None:
        return
    with refusals():
        settings = settings_of()
        secret = settings.home.token()
        click.echo(_login_link(settings, secret) if login else secret)


@token.command(name="list")
@server_option
@json_option
def list_tokens(server: str | None, as_json: bool) -> None:
    """List the tokens that were made, the latest first."""
    with open_link(server) as link:
        found = fetch(link, TOKENS)["tokens"]
    if as_json:
        write_json({"tokens": found})
        return
    heads = ("id", "name", "scope", "project", "made", "expires", "last used", "revoked")
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    rows = [
        [one["id"], one["name"], one["scope"], one["project"], *(_day(one[at]) for at in moments)]
        for one in found
    ]
    write_table("Tokens", heads, rows)


@token.command()
@click.argument("name")
@click.option("--scope", type=click.Choice(SCOPES), required=True, help="What it may do.")
@click.option("--project", help="Keep a token of scope write to one project.")
@click.option("--expires", type=Duration(), help="After how long, as 12h or 30d; default: never.")
@server_option
@json_option
def create(
    name: str,
    scope: str,
    project: str | None,
    expires: int | None,
    server: str | None,
    as_json: bool,
) -> None:
    """Make a token and print it, this once. NAME says what it is for."""
    wanted = {"name": name, "scope": scope, "project": project, "expires_in": expires}
    with open_link(server) as link:
        made = post(link, TOKENS, wanted)
    if as_json:
        write_json(made)
    else:
        click.echo(made["token"])


@token.command()
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@server_option
@json_option
def revoke(number: int, server: str | None, as_json: bool) -> None:
    """Revoke the token with this ID, for good."""
    with open_link(server) as link:
        ended = delete(link, f"{TOKENS}/{number}")
    if as_json:
        write_json(ended)
    else:
        click.echo(f"revoked token {number} ({ended['name']})")


def _day(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _login_link(settings: ServerSettings, secret: str) -> str:
    note = settings.home.read_note()
    url = note.url if note else settings.local_url
    link = Link(Endpoint(url, secret))
    try:
        return url + str(link.post(LOGIN_CODES).body["path"])
    except (LinkError, KeyError) as error:
        why = "it refuses the token, or is none of ours" if isinstance(error, KeyError) else error
        how = "start one with `nanwatch serve`"
        raise SetupError(f"no monitor of this user answers at {url}", str(why), how) from error
    finally:
        link.close()
