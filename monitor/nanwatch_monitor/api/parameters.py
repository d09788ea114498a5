"""The parameters that several routes share, with their limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

from nanwatch.events import one_spelling
from nanwatch.wire import MAX_NAME, MAX_STEP

_PLAIN = r"^[^\x00-\x1f]*$"

_RUN_ID = r"^[A-Za-z0-9_-]{1,64}$"

RunId = Annotated[str, Path(pattern=_RUN_ID, description="the run's id")]
RunIdQuery = Annotated[str | None, Query(alias="run", pattern=_RUN_ID)]
RunIdsQuery = Annotated[
    list[Annotated[str, Query(pattern=_RUN_ID)]] | None, Query(alias="run", max_length=100)
]
SeriesName = Annotated[str, Query(min_length=1, max_length=MAX_NAME, pattern=_PLAIN)]
Project = Annotated[
    str | None,
    Query(max_length=MAX_NAME, pattern=_PLAIN),
    AfterValidator(lambda name: name and one_spelling(name)),
]
FromStep = Annotated[int | None, Query(alias="from", ge=0, le=MAX_STEP)]
ToStep = Annotated[int | None, Query(alias="to", ge=0, le=MAX_STEP)]
PageSize = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[int | None, Query(ge=0, le=MAX_STEP, description="`next` of the last page")]
