"""The OpenAPI document against the server: what fits it and what breaks it makes no failure."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection

from frames import frame, opening, points
from nanwatch.wire import CONTENT_TYPE
from nanwatch_monitor.security import STREAM_PATH
from servers import ServerThread

schemathesis.serializer.alias(CONTENT_TYPE, "application/octet-stream")

EXAMPLES = 8
CHECKS = [not_a_server_error, negative_data_rejection]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = ServerThread(tmp_path_factory.mktemp("openapi")).start()
    started.client.send(opening(), frame(1, points([0, 1], batch_loss=[1, 2])))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def operations(server):
    """Each operation of the document, but the stream, which never ends."""
    schema = schemathesis.openapi.from_dict(server.app.openapi())
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if one.path != STREAM_PATH]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_makes_the_server_fail(server, operations, mode):
    headers = {"Authorization": f"Bearer {server.token}"}
    asked = 0
    for operation in operations:

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            nonlocal asked
            asked += 1
            answer = case.call(base_url=server.url, headers=headers)
            case.validate_response(answer, checks=CHECKS)

        with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
            ask()
    assert asked > len(operations)
