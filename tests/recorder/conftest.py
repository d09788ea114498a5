"""What the recorder's tests compare with says what differs when it does."""

import pytest

pytest.register_assert_rewrite("recorder.twins")
