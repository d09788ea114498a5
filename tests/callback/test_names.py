"""Names are easy to say; ids are safe in paths and on the wire."""

import re

from nanwatch.names import random_id, run_name


def test_a_name_is_two_words_and_a_number():
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-\d\d", run_name()) for _ in range(200))


def test_ids_differ_and_are_hexadecimal():
    ids = {random_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)
