"""The pages of the dashboard and their files, out of the installed package and nowhere else."""

from __future__ import annotations

import gzip
import hashlib
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from starlette.responses import Response

from nanwatch_monitor.page_headers import PAGE_HEADERS
from nanwatch_monitor.problems import Problem

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_COMPRESSED = frozenset({".css", ".js", ".svg"})
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_READ = ["GET", "HEAD"]


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/", methods=_READ)
    def runs(request: Request) -> Response:
        """The list of runs."""
        return _unless_known(request, page("runs.html"))

    @routes.api_route("/runs/{run_id}", methods=_READ)
    def run(request: Request, run_id: str) -> Response:  # noqa: ARG001 - the page reads it from its address
        """One run."""
        return _unless_known(request, page("run.html"))

    @routes.api_route("/compare", methods=_READ)
    def compare(request: Request) -> Response:
        """Runs side by side."""
        return _unless_known(request, page("compare.html"))

    @routes.api_route("/losses", methods=_READ)
    def losses(request: Request) -> Response:
        """The catalogue of losses."""
        return _unless_known(request, page("losses.html"))

    @routes.api_route("/losses/{name}", methods=_READ)
    def loss(request: Request, name: str) -> Response:  # noqa: ARG001 - the page reads it from its address
        """One loss, with its playground."""
        return _unless_known(request, page("loss.html"))

    @routes.api_route("/causes", methods=_READ)
    def causes(request: Request) -> Response:
        """The catalogue of causes."""
        return _unless_known(request, page("causes.html"))

    @routes.api_route("/causes/{label}", methods=_READ)
    def cause(request: Request, label: str) -> Response:  # noqa: ARG001 - the page reads it from its address
        """One cause."""
        return _unless_known(request, page("cause.html"))

    @routes.api_route("/static/{name:path}", methods=_READ)
    def static(request: Request, name: str) -> Response:
        """A file of the pages."""
        answer = _static(name, request.headers.get("accept-encoding", ""))
        if name.startswith("vendor/") and request.query_params.get("v"):
            # Pinned: another version comes under another address.
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return _unless_known(request, answer)

    return routes


def page(name: str) -> Response:
    """A page, with what it may do in the browser."""
    answer = _answer(name, _read(files("nanwatch_web") / name))
    answer.headers.update(PAGE_HEADERS)
    return answer


def _static(name: str, accepted: str) -> Response:
    segments = name.split("/")
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise _no_file()
    *folders, last = segments
    folder = files("nanwatch_web").joinpath("static", *folders)
    file, packed = folder / last, folder / f"{last}.gz"
    if "gzip" in accepted and PurePosixPath(last).suffix in _COMPRESSED:
        # What is large lies there packed; the rest is packed in a millisecond.
        small = _read(packed) if packed.is_file() else gzip.compress(_read(file), mtime=0)
        answer = _answer(name, small)
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer = _answer(name, _read(file))
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _answer(name: str, content: bytes) -> Response:
    kind = _TYPES.get(PurePosixPath(name).suffix)
    if kind is None:
        raise _no_file()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag, "Content-Type": kind}
    return Response(content, headers=headers)


def _read(file: Traversable) -> bytes:
    if not file.is_file():
        raise _no_file()
    return file.read_bytes()


def _unless_known(request: Request, answer: Response) -> Response:
    """Nothing but the headers when the browser has the same content already."""
    if request.headers.get("if-none-match") != answer.headers["ETag"]:
        return answer
    kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(status_code=304, headers=kept)


def _no_file() -> Problem:
    return Problem(404, "not_found", "there is no such file")
