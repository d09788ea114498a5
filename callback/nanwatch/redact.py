"""Takes secrets out of what leaves the training process: a configuration, the text of an exception.

A secret is known by the name that it goes by (`api_key`, `password`), by its form (`sk-...`, a
password in a URL, a private key), or by being the value of a variable of the environment that has
such a name. The folder of the user becomes `~`. Points are numbers, and are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

REDACTED = "[redacted]"
SHORTEST = 8  # of a variable's value that is looked for everywhere: shorter ones are words

_SECRET = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "secrets",
        "credential",
        "credentials",
        "apikey",
        "cookie",
    ]
)
_KEYS = frozenset(
    ["api", "access", "private", "secret", "account", "signing", "encryption", "auth"]
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LIKE_A_TOKEN = re.compile(r"[\w.+/=:~-]{12,}")  # and not like "<pad>", "[SEP]" or "end of text"
_NAMED = (
    r"(?:api|access|private|secret|auth)[_-]?(?:key|token)|password|passwd|pwd|passphrase|secret"
)
_FORMS = (  # a pattern, and what of it may stay
    (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", ""),
    (r"(?<=://)[^\s/@]+(?=@)", ""),  # https://user:password@host
    (rf"(?i)([?&;](?:{_NAMED}|token|sig|signature|x-amz-[a-z-]+)=)[^&\s'\"#]+", r"\1"),
    (rf"(?i)(\b\w*(?:{_NAMED})['\"]?\s*[=:]\s*['\"]?)[^\s'\",;&]{{6,}}", r"\1"),
    (r"(?i)(\bauthorization['\"]?\s*[=:]\s*['\"]?(?:\w+ +)?)[\w.+/=~-]{6,}", r"\1"),
    (r"(\b[Bb]earer +)[\w.+/=~-]{16,}", r"\1"),
    (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", ""),  # a JSON web token
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", ""),
    (r"\b(?:sk|pk|rk)[-_](?=[\w-]{0,60}\d)[\w-]{20,}", ""),
    (r"\b(?:gh[pousr]|hf|npm)_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}", ""),
    (r"\b(?:glpat-|pypi-|xox[abprs]-)[\w-]{10,}|\bAIza[\w-]{30,}", ""),
    (r"\bnw_[wra]_[\w-]{16,}|\bwhsec_[\w/+=]{16,}", ""),
    (r"(\bhttps://hooks\.slack\.com/services/)[\w/]+", r"\1"),
)


class Redactor:
    """Takes secrets out of plain values.

    Args:
        environ: the environment, whose secrets are known by their names.
        home: the user's folder, as text.
    """

    def __init__(self, environ: Mapping[str, str], home: str) -> None:
        named = {value for name, value in environ.items() if _is_secret(name, value)}
        known = sorted((value for value in named if len(value) >= SHORTEST), key=len, reverse=True)
        forms = [(re.escape(value), "") for value in known] + list(_FORMS)
        self._forms = [(re.compile(form), f"{kept}{REDACTED}") for form, kept in forms]
        if len(home) > 1:
            self._forms.append((re.compile(rf"(?<![\w/.~-]){re.escape(home)}(?=/|\b)"), "~"))

    def text(self, text: str) -> str:
        """The same text without what lets somebody in."""
        for form, instead in self._forms:
            text = form.sub(instead, text)
        return text

    def value(self, value: Any) -> Any:
        """The same plain value (see `plain`) without what lets somebody in."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._under(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value

    def _under(self, key: str, item: Any) -> Any:
        hides = not (item is None or isinstance(item, bool) or item == "")
        return REDACTED if hides and _is_secret(key, str(item)) else self.value(item)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _is_secret(name: str, value: str) -> bool:
    """Whether what goes by a name is a secret; of a "token" the value has to tell."""
    words = _words(name)
    if words[-1:] == ["token"] and _LIKE_A_TOKEN.fullmatch(value):
        return True
    pairs = pairwise(words)
    keys = any(first in _KEYS and second in ("key", "token") for first, second in pairs)
    return keys or not _SECRET.isdisjoint(words)
