"""What the commands share: how they reach a server, and how they write."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any

import click

from nanwatch.local_monitor import START_TIMEOUT_S, MonitorUnavailableError, server_for
from nanwatch.settings import ClientSettings
from nanwatch.transport import Answer, Endpoint, Link, LinkError

if TYPE_CHECKING:  # it takes its time, and pipes do without it
    from rich.table import Table
    from rich.text import Text

PAGE = 500  # the most that a server gives at once

server_option = click.option(
    "--server", metavar="URL", help="Default: $NANWATCH_SERVER, else the local monitor."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


class RefusedError(click.ClickException):
    """The command was used wrongly, or the server does not let it in."""

    exit_code = 2


def settle(server: str | None, project: str | None = None) -> ClientSettings:
    """The client's settings. Raises RefusedError when they make no sense."""
    try:
        return ClientSettings.resolve(server, project, environ=os.environ)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def find_server(settings: ClientSettings) -> Endpoint:
    """The server, started when need be. Raises ClickException when it cannot be."""
    try:
        return server_for(settings).find_or_start(START_TIMEOUT_S, time.sleep)
    except MonitorUnavailableError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def open_link(server: str | None) -> Iterator[Link]:
    """A connection to the server that is there. Raises ClickException when none is."""
    endpoint = server_for(settle(server)).find()
    if endpoint is None:
        raise click.ClickException(
            "no local monitor runs on this machine. Start one with: nanwatch serve\n"
            "Or name another server with --server or NANWATCH_SERVER."
        )
    link = Link(endpoint)
    try:
        yield link
    finally:
        link.close()


def fetch(link: Link, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The JSON object at a path. Raises ClickException with what, why and how."""
    answer = _accepted(_answer(link, path, query), link.endpoint.url)
    if not answer.body:
        raise click.ClickException(
            f"{link.endpoint.url} is not a nanwatch server. Check the address."
        )
    return answer.body


def fetch_file(link: Link, path: str) -> bytes:
    """The bytes at a path. Raises ClickException with what, why and how."""
    return _accepted(_answer(link, path), link.endpoint.url).data


def post(link: Link, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
    """Send plain values to a path; the JSON object that is answered. Raises ClickException."""
    return _accepted(_told(link, lambda: link.post(path, body)), link.endpoint.url).body


def delete(link: Link, path: str) -> Mapping[str, Any]:
    """Delete what is at a path; the JSON object that is answered. Raises ClickException."""
    return _accepted(_told(link, lambda: link.delete(path)), link.endpoint.url).body


def _answer(link: Link, path: str, query: Mapping[str, str] | None = None) -> Answer:
    return _told(link, lambda: link.get(path, query))


def _told(link: Link, ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except LinkError as error:
        raise click.ClickException(
            f"{link.endpoint.url} cannot be reached ({error}). "
            f"Check the address and that the server runs."
        ) from error


def fetch_all(
    link: Link, path: str, key: str, limit: int | None, query: Mapping[str, str] | None = None
) -> Iterator[Mapping[str, Any]]:
    """The items of a listing, page by page, at most `limit`."""
    cursor: str | None = None
    left = limit if limit is not None else sys.maxsize
    while left > 0:
        asked = {**(query or {}), "limit": str(min(left, PAGE))}
        page = fetch(link, path, asked | ({"cursor": cursor} if cursor else {}))
        items = page.get(key)
        if not isinstance(items, list):
            raise click.ClickException(f"{link.endpoint.url} is not a nanwatch server.")
        yield from items
        left -= len(items)
        cursor = page.get("next")
        if not cursor or not items:
            return


def write_listing(
    server: str | None,
    path: str,
    key: str,
    limit: int,
    asked: Mapping[str, str | None],
    as_json: bool,
    columns: Mapping[str, str],
) -> None:
    """Write what a server lists, as JSON or as a table. Raises ClickException.

    Args:
        path: of the listing; `key` is that of its items, and what they are called.
        limit: how many at most.
        asked: which are wanted; None leaves out the condition.
        columns: the head of each column, and what it shows of an item.
    """
    query = {name: value for name, value in asked.items() if value}
    with open_link(server) as link:
        found = list(fetch_all(link, path, key, limit, query))
    if as_json:
        write_json({key: found})
        return
    rows = [[one.get(field) for field in columns.values()] for one in found]
    write_table(key.capitalize(), tuple(columns), rows)
    if not found:
        click.echo(f"there are no such {key}" if query else f"there are no {key} yet", err=True)


def write_json(value: object) -> None:
    """Write a value as JSON, for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=not sys.stdout.isatty()))


def write_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write rows: tab-separated when piped; at a terminal as a table, or where that is too narrow
    for one, each row in a few lines.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [list(heads), *cells]:
            click.echo("\t".join(row))
        return
    from rich.console import Console

    console, short = Console(), [[_MOMENT.sub(r"\1 \2", cell) for cell in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(heads, *short, strict=True)]
    if sum(widths) + 3 * len(widths) < console.width:
        console.print(_table(title, heads, short))
    else:
        console.print(*(_record(heads, row, console.width) for row in short), sep="\n")


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    return table


def _record(heads: Sequence[str], row: Sequence[str], width: int) -> Text:
    """A row in as few lines as it takes: its first cell, and the others behind their heads."""
    from rich.text import Text

    pairs = zip(heads[1:], row[1:], strict=True)
    parts = [row[0], *(f"{head} {cell}" for head, cell in pairs if cell)]
    glued = (one.replace(" ", _GLUE) if len(one) <= width - len(_INDENT) else one for one in parts)
    wrap = TextWrapper(width, subsequent_indent=_INDENT, break_on_hyphens=False)
    found = Text(wrap.fill("  ".join(glued)).replace(_GLUE, " "))
    found.stylize("bold", 0, len(row[0]))
    for word, style in _STYLES.items():
        found.highlight_words([word], style)
    return found


def printable(value: object) -> str:
    """Text from elsewhere in one line, without what could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in str(value))


_MOMENT = re.compile(r"^\d{4}-(\d\d-\d\d)T(\d\d:\d\d):[\d:.+]+$")
_GLUE, _INDENT = "\xa0", "    "
_STYLES = {"critical": "bold red", "warning": "yellow", "ok": "green", "running": "cyan"}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return printable(value)


_MISSING = {  # codes of the server, in the words of the command line
    "unknown_run": ("run", "`nanwatch runs`"),
    "unknown_alert": ("alert", "`nanwatch alerts`"),
    "unknown_token": ("token", "`nanwatch token list`"),
}


def _accepted(answer: Answer, url: str) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    if answer.status == 401:
        raise RefusedError(f"{url} refuses the token. Set NANWATCH_TOKEN to one that it knows.")
    if (missing := _MISSING.get(str(answer.body.get("code")))) is not None:
        what, lists = missing
        raise click.ClickException(f"{url}: there is no such {what}; {lists} lists them.")
    if answer.status == 403:
        raise RefusedError(f"{url}: {answer.detail}")
    raise click.ClickException(f"{url}: {answer.detail}")
