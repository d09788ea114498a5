"""The binary route by which training runs report."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from nanwatch.wire import CONTENT_TYPE, MAX_FRAME
from nanwatch_monitor.bodies import read_body
from nanwatch_monitor.ingest import Ingest
from nanwatch_monitor.replies import Json
from nanwatch_monitor.rights import INGEST_PATH
from nanwatch_monitor.security import Asker
from nanwatch_monitor.unpacking import MOST_BYTES, MOST_RATIO

_BODY = {
    "parameters": [
        {
            "name": "Content-Encoding",
            "in": "header",
            "description": (
                f"The body may be packed with gzip, once: at most {MOST_RATIO} to 1, and at most "
                f"{MOST_BYTES} bytes once it is unpacked; other encodings are refused."
            ),
            "schema": {"type": "string", "enum": ["identity", "gzip"], "default": "identity"},
        }
    ],
    "requestBody": {
        "required": True,
        "description": (
            "Frames of one stream, back to back. A frame is 'NANW', version u16, reserved u16, "
            "body length u32, crc32 of the body u32 (little-endian), then a msgpack body "
            "[run_id, stream, seq, [[tag, event], ...]]; arrays are raw little-endian bytes. "
            f"At most {MAX_FRAME} bytes, as they come."
        ),
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
}


def router(ingest: Ingest) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["ingest"])

    @routes.post(INGEST_PATH, openapi_extra=_BODY)
    async def take(request: Request, asker: Asker) -> Response:
        """Store frames. They are committed before the answer; sending them again is harmless."""
        body, is_packed = await read_body(request, CONTENT_TYPE, MAX_FRAME)
        receipt = await ingest.accept(body, asker, is_packed)
        return Json(
            {
                "acked": receipt.acked,
                "stored": len(receipt.fresh),
                "duplicates": receipt.duplicates,
                "flush_interval": ingest.intake.pace_s,
            }
        )

    return routes
