"""`nanwatch explain`: a cause, in words and code."""

from __future__ import annotations

import difflib

import click

from nanwatch.cli.connection import RefusedError, json_option, write_json
from nanwatch.diagnosis import CAUSES
from nanwatch.diagnosis.cause import CausePage


@click.command()
@click.argument("cause", required=False)
@json_option
def explain(cause: str | None, as_json: bool) -> None:
    """Say why a cause breaks a training, and how to mend it.

    CAUSE is a label such as nan_in_features; without one, all labels are listed.
    """
    if cause is None:
        _list(as_json)
        return
    page = CAUSES.get(cause)
    if page is None:
        near = difflib.get_close_matches(cause, CAUSES, n=3, cutoff=0.4)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise RefusedError(f"no cause is called {cause!r}.{hint} `nanwatch explain` lists them.")
    if as_json:
        write_json(_plain(page))
    else:
        _write(page)


def _list(as_json: bool) -> None:
    if as_json:
        write_json({"causes": [_plain(page) for page in CAUSES.values()]})
        return
    width = max(map(len, CAUSES))
    for label, page in CAUSES.items():
        click.echo(f"{label:<{width}}  {page.title}")


def _plain(page: CausePage) -> dict[str, str]:
    names = ("label", "title", "why", "remedy", "before", "after")
    return {name: getattr(page, name) for name in names}


def _write(page: CausePage) -> None:
    click.secho(f"{page.label}: {page.title}", bold=True)
    sections = {
        "Why it happens": page.why,
        "What to do": page.remedy,
        "Before": page.before,
        "After": page.after,
    }
    for title, body in sections.items():
        click.secho(f"\n{title}", bold=True)
        click.echo("\n".join(f"  {line}".rstrip() for line in body.strip().splitlines()))
