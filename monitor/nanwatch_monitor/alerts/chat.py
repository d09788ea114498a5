"""Slack and Discord by their incoming webhooks. What comes from runs is never taken for markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from nanwatch_monitor.alerts.post import post
from nanwatch_monitor.alerts.words import Entry, Words, words_of
from nanwatch_monitor.store.outbox import Message

MOST_SLACK, MOST_FIELD, MOST_DISCORD = 2900, 1000, 3900  # their own limits are little more
_COLORS = {"critical": 0xD13438, "warning": 0xE3A008, "info": 0x3B82F6, "ok": 0x2E9E5B}
_MARKUP = re.compile(r"([\\*_~`|>#\[\]()@:-])")


class Chat:
    """Posts to an incoming webhook.

    Args:
        url: of the webhook; whoever has it can post there.
        layout: the words as that service wants them.
        allowed: see `targets.checked`.
        public_url: where people reach this server, for the links.
    """

    def __init__(
        self,
        url: str,
        layout: Callable[[Words], dict[str, Any]],
        allowed: tuple[str, ...],
        public_url: str,
    ) -> None:
        self._url, self._layout = url, layout
        self._allowed, self._public_url = allowed, public_url

    def send(self, message: Message) -> int:
        """Deliver, or raise DeliveryError."""
        body = msgspec.json.encode(self._layout(words_of(message, self._public_url)))
        return post(self._url, body, {}, self._allowed, plain=False)


def slack_layout(words: Words) -> dict[str, Any]:
    """Blocks for Slack; services that read its format alike show `text`."""
    parts = [_slack_entry(entry) for entry in words.entries]
    parts += ["\n".join(map(_for_slack, words.lines))] if words.lines else []
    sections = [_section(part) for part in parts]
    button = _section(f"<{words.link}|Open in nanwatch>")
    title = {"type": "header", "text": {"type": "plain_text", "text": words.title[:150]}}
    color = f"#{_COLORS[words.severity]:06X}"
    return {
        "text": _for_slack(words.title),
        "attachments": [{"color": color, "blocks": [title, *sections, button]}],
    }


def discord_layout(words: Words) -> dict[str, Any]:
    """An embed for Discord, in which nobody can be mentioned."""
    embed = {
        "title": words.title[:250],
        "url": words.link,
        "color": _COLORS[words.severity],
        "description": "\n".join(map(_for_discord, words.lines))[:MOST_DISCORD],
        "fields": [_discord_field(entry) for entry in words.entries],
    }
    return {"username": "nanwatch", "embeds": [embed], "allowed_mentions": {"parse": []}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:MOST_SLACK]}}


def _slack_entry(entry: Entry) -> str:
    title = f"*{entry.title}:* " if entry.title else ""
    code = f"\n```{_for_slack(entry.code).replace('```', '` ` `')}```" if entry.code else ""
    return title + _for_slack(entry.text) + code


def _for_slack(text: str) -> str:
    """Text without links, mentions and markup. A zero-width space breaks what stays."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_~`])", "\u200b\\1", escaped)


def _discord_field(entry: Entry) -> dict[str, Any]:
    code = f"\n```\n{entry.code.replace('```', '` ` `')}\n```" if entry.code else ""
    room = MOST_FIELD - len(code)
    value = (_for_discord(entry.text)[: max(room, 0)] + code)[:MOST_FIELD]
    return {"name": entry.title or "nanwatch", "value": value or "-", "inline": False}


def _for_discord(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
