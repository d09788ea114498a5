"""Log lines that stay lines: what comes from outside cannot forge another entry."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class OneLine(logging.Formatter):
    """Writes control characters of the message as escapes; a traceback below keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line without the traceback."""
        return _escaped(super().formatMessage(record))

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802
        """The traceback, each of its lines escaped: an error's words may come from outside."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("  " + _escaped(line) for line in lines)


class JsonLine(logging.Formatter):
    """Writes one JSON object a line, in pure ASCII, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told)


def set_up_logging(form: str) -> None:
    """Warnings go to standard error, one line each; but not those about each request that is no
    HTTP, or wants another protocol: whoever reaches the port could fill the disk with them.

    Args:
        form: "text" or "json".
    """
    handler = logging.StreamHandler()
    line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    handler.setFormatter(JsonLine() if form == "json" else OneLine(line))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
