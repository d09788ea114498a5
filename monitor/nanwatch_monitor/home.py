"""The folder of one user: where the token, the default database and the monitor's note lie.

The layout is shared with the client, which looks here for a running monitor. What belongs to one
machine lies under `hosts/<name>`, because a home folder may be shared between machines.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nanwatch_monitor.errors import SetupError

TOKEN_PREFIX = "nw_a_"  # noqa: S105 - a prefix that tells an admin token, not a secret


class MonitorNote(msgspec.Struct, frozen=True):
    """What `monitor.json` says about the monitor that runs here."""

    url: str
    pid: int
    instance: str
    version: str


@dataclass(frozen=True)
class Home:
    """The paths of one user's folder as seen from one machine."""

    directory: Path
    host: str

    @property
    def token_file(self) -> Path:
        """The admin token, one line."""
        return self.directory / "token"

    @property
    def host_dir(self) -> Path:
        """What belongs to this machine alone."""
        return self.directory / "hosts" / self.host

    @property
    def note_file(self) -> Path:
        """Says which monitor runs here, and where."""
        return self.host_dir / "monitor.json"

    @property
    def lock_file(self) -> Path:
        """Held for a monitor's life."""
        return self.host_dir / "monitor.lock"

    @property
    def database_file(self) -> Path:
        """The default database."""
        return self.host_dir / "nanwatch.db"

    def prepare(self) -> None:
        """Make the folders, closed to other users. Raises SetupError when that cannot be done."""
        try:
            for folder in (self.directory, self.host_dir.parent, self.host_dir):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.host_dir):
                pass
        except OSError as error:
            raise SetupError(
                f"the data folder {self.directory} cannot be written",
                error.strerror or str(error),
                "make it writable, or set NANWATCH_DIR to a folder that is",
            ) from error

    def token(self) -> str:
        """The admin token; made at the first call. Only the user can read the file.

        Raises:
            SetupError: the file cannot be made or read, or holds no token.
        """
        self.prepare()
        try:
            if not self.token_file.exists():
                fresh = TOKEN_PREFIX + secrets.token_urlsafe(32)
                _create_whole(self.token_file, fresh + "\n")
            found = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self._no_token(str(error)) from error
        if not found:  # an empty token would let everybody in
            raise self._no_token("the file is empty")
        return found

    def _no_token(self, why: str) -> SetupError:
        how = "remove it, and a new one is made at the next start"
        return SetupError(f"there is no token in {self.token_file}", why, how)

    def read_note(self) -> MonitorNote | None:
        """The note of the monitor that runs (or died) here, or None."""
        try:
            return msgspec.json.decode(self.note_file.read_bytes(), type=MonitorNote)
        except (OSError, msgspec.DecodeError):
            return None

    def write_note(self, note: MonitorNote) -> None:
        """Replace the note in one step, so that no reader sees half of it."""
        fresh = self.note_file.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.encode(note))
        fresh.replace(self.note_file)

    def remove_note(self, instance: str) -> None:
        """Remove the note, unless another monitor has written its own meanwhile."""
        note = self.read_note()
        if note is not None and note.instance == instance:
            self.note_file.unlink(missing_ok=True)


def _create_whole(path: Path, text: str) -> None:
    """Create a file with its content in one step; leave it alone when somebody was faster."""
    fd, name = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
