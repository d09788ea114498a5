"""`nanwatch explain`: a cause or a loss, in words and code."""

from __future__ import annotations

import dataclasses
import difflib
import shutil

import click

from nanwatch.cli.connection import RefusedError, json_option, write_json
from nanwatch.cli.pages import cause_text, loss_text
from nanwatch.diagnosis import CAUSES
from nanwatch.diagnosis.cause import CausePage
from nanwatch.losses import LOSSES, LossPage, find, names

WIDTH = 96  # longer lines are hard to read


@click.command()
@click.argument("name", required=False)
@json_option
def explain(name: str | None, as_json: bool) -> None:
    """Say how to mend a cause, or where a loss breaks.

    NAME is a cause such as nan_in_features, or a loss by its class, function or string: Huber,
    mean_squared_error, mse. Without one, all are listed.
    """
    if name is None:
        _list(as_json)
        return
    page = CAUSES.get(name) or find(name)
    if page is None:
        raise RefusedError(_unknown(name))
    if as_json:
        write_json(_plain(page))
    else:
        click.echo(_text(page))


def _list(as_json: bool) -> None:
    if as_json:
        causes, losses = map(_plain, CAUSES.values()), map(_plain, LOSSES.values())
        write_json({"causes": list(causes), "losses": list(losses)})
        return
    titles = {label: cause.title for label, cause in CAUSES.items()}
    titles |= {name: loss.title for name, loss in LOSSES.items()}
    width = max(map(len, titles))
    for name, title in titles.items():
        click.echo(f"{name:<{width}}  {title}")


def _plain(page: CausePage | LossPage) -> dict[str, object]:
    if isinstance(page, LossPage):
        return dataclasses.asdict(page)
    told = ("label", "title", "why", "remedy", "before", "after")
    return {name: getattr(page, name) for name in told}


def _text(page: CausePage | LossPage) -> str:
    width = min(shutil.get_terminal_size().columns, WIDTH)
    return loss_text(page, width) if isinstance(page, LossPage) else cause_text(page, width)


def _unknown(name: str) -> str:
    """What to say of a name that nothing has, with what may have been meant."""
    known = [*CAUSES, *(called for page in LOSSES.values() for called in names(page))]
    by_lower = {called.lower(): called for called in reversed(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.4)
    meant = " or ".join(by_lower[found] for found in near)
    hint = f" Did you mean {meant}?" if meant else ""
    return f"no cause or loss is called {name!r}.{hint} `nanwatch explain` lists them."
