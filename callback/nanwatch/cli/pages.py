"""The pages of the two catalogues, as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import click

from nanwatch.diagnosis.cause import CausePage
from nanwatch.losses import LossPage

INDENT = "  "


def cause_text(page: CausePage, width: int) -> str:
    """A cause: why it happens, what to do, and an example.

    Args:
        width: of the terminal, in characters. Code is never broken.
    """
    return _page(
        f"{page.label}: {page.title}",
        {
            "Why it happens": _wrapped(page.why, width),
            "What to do": _wrapped(page.remedy, width),
        }
        | _code(page),
    )


def loss_text(page: LossPage, width: int) -> str:
    """A loss: what it wants, what it gives, and where it breaks.

    Args:
        width: of the terminal, in characters.
    """
    sections = {
        "Use": page.use,
        "Formula": page.formula,
        "In compile(loss=...)": _spelled(page),
        "Labels (y_true)": page.label,
        "Last activation": page.activation,
        "Lowest value": "none" if page.lowest is None else f"{page.lowest:g}",
    }
    return _page(
        f"{page.name}: {page.title}",
        {title: _wrapped(body, width) for title, body in sections.items()}
        | _code(page)
        | _lists(page, width),
    )


def _code(page: CausePage | LossPage) -> dict[str, str]:
    """The code with the fault, and mended."""
    return {
        "Before": textwrap.indent(page.before.strip(), INDENT),
        "After": textwrap.indent(page.after.strip(), INDENT),
    }


def _lists(page: LossPage, width: int) -> dict[str, str]:
    """The sections that have an entry for each of several things."""
    settings = [(f"{one.name}={one.default!r}", one.meaning) for one in page.parameters]
    hazards = [(one.condition, f"{one.result}\n-> {one.remedy}") for one in page.hazards]
    signs = [(one.shown, one.meaning) for one in page.signatures]
    sayings = [(one.said, one.truth) for one in page.corrections]
    return {
        "Parameters": _entries(settings, width),
        "Where it breaks": _entries(hazards, width),
        "Values to recognise": _entries(signs, width),
        "Often written, and what holds": _entries(sayings, width),
        "What holds for every loss": f"{INDENT}nanwatch explain Loss" if page.function else "",
    }


def _spelled(page: LossPage) -> str:
    """How the loss can be given to compile."""
    if not page.function:
        return "your function, or an object of your class"
    spelled = [*(f'"{string}"' for string in page.strings), f"keras.losses.{page.function}"]
    return ", ".join([*spelled, f"an object of keras.losses.{page.name}"])


def _page(heading: str, sections: dict[str, str]) -> str:
    parts = [click.style(heading, bold=True)]
    parts += [
        f"{click.style(title, bold=True)}\n{body}" for title, body in sections.items() if body
    ]
    return "\n\n".join(parts)


def _entries(entries: Iterable[tuple[str, str]], width: int) -> str:
    """Each entry under its own line, its lines set in."""
    lines = []
    for head, body in entries:
        lines.append(_wrapped(head, width))
        lines += [_wrapped(line, width, INDENT * 3) for line in body.splitlines()]
    return "\n".join(lines)


def _wrapped(text: str, width: int, indent: str = INDENT) -> str:
    """Words in lines of at most `width`; numbers such as 1e-7 and names stay whole."""
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
