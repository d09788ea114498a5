"""The pages of the dashboard and their files, out of the installed package and nowhere else."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader
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
_THERE = {"br": ".br", "gzip": ".gz"}  # the smallest first; browsers take br where nobody listens
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_READ = ["GET", "HEAD"]

PAGES = {
    "/": "runs",
    "/runs/{run_id}": "run",
    "/compare": "compare",
    "/alerts": "alerts",
    "/losses": "losses",
    "/losses/{name}": "loss",
    "/causes": "causes",
    "/causes/{label}": "cause",
    "/settings": "settings",
}
"""The pages by their paths; only `/login` is elsewhere, because it does more than to show one."""


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    for path, name in PAGES.items():
        routes.add_api_route(path, _showing(name), methods=_READ, name=name)

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
    html = _templates().get_template(f"{name}.html").render()
    answer = _answer("page.html", html.encode())
    answer.headers.update(PAGE_HEADERS)
    return answer


def _showing(name: str) -> Callable[[Request], Response]:
    """A route that shows a page. What stands in its address is read by the page itself."""

    def show(request: Request) -> Response:
        return _unless_known(request, page(name))

    return show


@cache
def _templates() -> Environment:
    loader = PackageLoader("nanwatch_web", "pages")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _static(name: str, accepted: str) -> Response:
    segments = name.split("/")
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise _no_file()
    *folders, last = segments
    folder = files("nanwatch_web").joinpath("static", *folders)
    packed = PurePosixPath(last).suffix in _COMPRESSED
    taken = {word.partition(";")[0].strip() for word in accepted.split(",")} if packed else set()
    encoding, content = _packed(folder, last, taken)
    answer = _answer(name, content)
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _packed(folder: Traversable, name: str, taken: set[str]) -> tuple[str, bytes]:
    """A file as small as the browser takes it, and in which encoding.

    What is large lies there packed; the rest is packed in a millisecond.
    """
    for encoding, suffix in _THERE.items():
        there = folder / f"{name}{suffix}"
        if encoding in taken and there.is_file():
            return encoding, _read(there)
    content = _read(folder / name)
    return ("gzip", gzip.compress(content, mtime=0)) if "gzip" in taken else ("", content)


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
