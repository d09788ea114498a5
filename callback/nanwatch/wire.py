"""The bytes of the vocabulary: a frame is what the spool keeps and what a request carries.

A frame is a 16-byte head and a msgpack body:

    "NANW" | version u16 | reserved u16 | body length u32 | crc32 of the body u32

all little-endian. The body is [run_id, stream, seq, [[tag, event], ...]]. Arrays travel as raw
little-endian bytes, so NaN, +Inf and -Inf arrive exactly as they were. Several frames may stand
back to back in one request.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np

from nanwatch import events

MAGIC = b"NANW"
VERSION = 1
CONTENT_TYPE = "application/x-nanwatch"
MAX_FRAME = 4 * 1024 * 1024
MAX_POINTS = 50_000
MAX_DEPTH = 16
MAX_NAME = events.MAX_NAME
MAX_STEP = events.MAX_STEP

_HEAD = struct.Struct("<4sHHII")
HEAD_SIZE = _HEAD.size
_EXT_FLOATS, _EXT_STEPS = 1, 2
_TAGS: dict[str, type[events.Event]] = {
    "run": events.RunStarted,
    "facts": events.FactsLearned,
    "points": events.Points,
    "beat": events.Heartbeat,
    "gap": events.Gap,
    "diagnosis": events.Diagnosed,
    "end": events.RunEnded,
}
_TAG_OF = {kind: tag for tag, kind in _TAGS.items()}

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+\Z")]
_Body = tuple[_Id, _Id, events.Count, list[tuple[str, msgspec.Raw]]]
_Identity = tuple[_Id, _Id, events.Count, msgspec.Raw]


class WireError(ValueError):
    """A frame that cannot be read; the message says what, why and where."""


class TruncatedFrameError(WireError):
    """The bytes end in the middle of a frame: a crash while writing, or a cut connection."""


@dataclass(frozen=True)
class Frame:
    """A numbered batch of events of one writing process.

    Attributes:
        run_id: the run that the events belong to.
        stream: a random token, new for every writing process.
        seq: 0, 1, 2 ... without gaps within a stream; (run_id, stream, seq) is the identity by
            which the server stores a frame exactly once.
    """

    run_id: str
    stream: str
    seq: int
    events: tuple[events.Event, ...]

    @property
    def n_points(self) -> int:
        """How many values of series it carries."""
        blocks = (event for event in self.events if isinstance(event, events.Points))
        return sum([len(block.steps) * len(block.values) for block in blocks])


def encode(frame: Frame) -> bytes:
    """The bytes of a frame."""
    tagged = [(_TAG_OF[type(event)], _plain(event)) for event in frame.events]
    body = msgspec.msgpack.encode(
        (frame.run_id, frame.stream, frame.seq, tagged), enc_hook=_encode_array
    )
    return _HEAD.pack(MAGIC, VERSION, 0, len(body), zlib.crc32(body)) + body


def decode(data: bytes) -> Frame:
    """The frame that `data` holds, and nothing beside it. Raises WireError."""
    frames = list(split(data))
    if len(frames) != 1:
        raise WireError(f"expected one frame, found {len(frames)}")
    return _decode_body(frames[0][_HEAD.size :])


def decode_all(data: bytes) -> Iterator[tuple[Frame, bytes]]:
    """Every frame of a request body with its own bytes, in order. Raises WireError."""
    for raw in split(data):
        yield _decode_body(raw[_HEAD.size :]), raw


def split(data: bytes) -> Iterator[bytes]:
    """Cut bytes into frames (head included) and check each one's head and checksum.

    Raises:
        TruncatedFrameError: the last frame is not whole.
        WireError: wrong magic, version, size or checksum.
    """
    at = 0
    while at < len(data):
        size = frame_size(data[at : at + _HEAD.size])
        raw = data[at : at + size]
        if len(raw) < size:
            raise TruncatedFrameError(
                f"frame at byte {at} needs {size} bytes, {len(raw)} are there"
            )
        if zlib.crc32(raw[_HEAD.size :]) != checksum(raw):
            raise WireError(f"frame at byte {at}: checksum does not match, the bytes are damaged")
        yield raw
        at += size


def frame_size(head: bytes) -> int:
    """The size in bytes, head included, of the frame that begins with `head`. Raises WireError."""
    if len(head) < _HEAD.size:
        raise TruncatedFrameError(f"a frame's head has {_HEAD.size} bytes, {len(head)} are there")
    magic, version, _, length, _ = _HEAD.unpack(head[: _HEAD.size])
    if magic != MAGIC:
        raise WireError("not a nanwatch frame: it does not begin with 'NANW'")
    if version != VERSION:
        raise WireError(f"frame version {version} is not spoken here, only {VERSION}")
    if length > MAX_FRAME:
        raise WireError(f"frame of {length} bytes, at most {MAX_FRAME} are accepted")
    return _HEAD.size + int(length)


def checksum(raw: bytes) -> int:
    """The CRC-32 that a frame's head carries."""
    return int(_HEAD.unpack(raw[: _HEAD.size])[4])


def identity(raw: bytes) -> tuple[str, str, int]:
    """(run_id, stream, seq) of one whole frame, without reading its events. Raises WireError."""
    try:
        run_id, stream, seq, _ = msgspec.msgpack.decode(raw[_HEAD.size :], type=_Identity)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"malformed frame: {error}") from error
    return run_id, stream, seq


def _plain(event: events.Event) -> Any:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "iu":
            return msgspec.msgpack.Ext(_EXT_STEPS, value.astype("<i8", copy=False).tobytes())
        return msgspec.msgpack.Ext(_EXT_FLOATS, value.astype("<f8", copy=False).tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} cannot be sent; pass plain values")


def _decode_array(code: int, data: memoryview) -> Any:
    if code not in (_EXT_FLOATS, _EXT_STEPS) or len(data) % 8:
        raise WireError(f"unknown or damaged array (code {code}, {len(data)} bytes)")
    return np.frombuffer(data, dtype="<f8" if code == _EXT_FLOATS else "<i8")


def _decode_body(body: bytes) -> Frame:
    try:
        run_id, stream, seq, tagged = msgspec.msgpack.decode(body, type=_Body)
        found = tuple(_decode_event(tag, raw) for tag, raw in tagged)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"malformed frame: {error}") from error
    return Frame(run_id, stream, seq, found)


def _decode_event(tag: str, raw: msgspec.Raw) -> events.Event:
    kind = _TAGS.get(tag)
    if kind is None:
        raise WireError(f"unknown event {tag[:40]!r}; this side speaks {', '.join(_TAGS)}")
    fields = msgspec.msgpack.decode(raw, ext_hook=_decode_array)
    if kind is events.Points:
        return _decode_points(fields)
    _check_plain(fields)
    return msgspec.convert(fields, kind)


def _check_plain(value: Any, depth: int = 0) -> None:
    """What JSON and both databases can keep: no bytes, no dates, no NUL, no endless nesting."""
    if depth > MAX_DEPTH:
        raise WireError(f"values nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(key, depth + 1)
            _check_plain(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, depth + 1)
    elif isinstance(value, str):
        if "\0" in value:
            raise WireError("NUL characters in a text")
    elif value is not None and not isinstance(value, bool | int | float):
        raise WireError(f"{type(value).__name__} is not a plain value")


def _decode_points(fields: Any) -> events.Points:
    try:
        steps, values = fields["steps"], fields["values"]
        points = events.Points(steps, dict(values))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WireError("points need `steps` and `values`") from error
    _check_points(points)
    return points


def _check_points(points: events.Points) -> None:
    steps = points.steps
    if not isinstance(steps, np.ndarray) or steps.dtype != np.int64:
        raise WireError("points: `steps` must be an array of 64-bit integers")
    if not 0 < len(steps) <= MAX_POINTS:
        raise WireError(f"points: {len(steps)} steps in one block, 1 to {MAX_POINTS} are accepted")
    if not points.values:
        raise WireError("points: a block without a series")
    if steps.min() < 0 or steps.max() > MAX_STEP:
        raise WireError(f"points: steps must lie between 0 and {MAX_STEP}")
    for name, column in points.values.items():
        _check_column(name, column, len(steps))


def _check_column(name: object, column: object, n: int) -> None:
    if not isinstance(name, str):
        raise WireError(f"points: a series' name must be text of 1 to {MAX_NAME} bytes")
    _check_name(name)
    if not isinstance(column, np.ndarray) or column.dtype != np.float64 or len(column) != n:
        raise WireError(f"points: {name[:80]!r} must be an array of {n} 64-bit floats")


@lru_cache(maxsize=4096)
def _check_name(name: str) -> None:
    """Raise WireError for what is no name; the same few come again with every block."""
    if not name or len(name.encode("utf-8", "replace")) > MAX_NAME:
        raise WireError(f"points: a series' name must be text of 1 to {MAX_NAME} bytes")
    if any(ord(char) < 32 for char in name):
        raise WireError("points: control characters in a series' name")
