"""One layer of gzip comes out as it went in; a bomb is given up long before it has gone off."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch_monitor.unpacking import MOST_BYTES, MOST_RATIO, BombError, PackedError, unpacked

MIB = 1024 * 1024


@given(st.binary(max_size=5000), st.integers(0, 9))
def test_what_was_packed_comes_out(data, level):
    assert unpacked(gzip.compress(data, level)) == data


def test_what_is_larger_than_a_piece_comes_out_whole():
    data = bytes(range(256)) * 8 * 1024
    packed = gzip.compress(data, 0)
    assert unpacked(packed) == data


def bomb(size):
    """Zeros, packed a thousand to one."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    pieces = [packing.compress(bytes(MIB)) for _ in range(size // MIB)]
    return b"".join([*pieces, packing.flush()])


def test_a_bomb_takes_little_memory_and_is_given_up_early():
    packed = bomb(1024 * MIB)
    tracemalloc.start()
    with pytest.raises(BombError, match=f"{MOST_BYTES} bytes"):
        unpacked(packed)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 * MIB


def test_a_small_bomb_is_known_by_how_much_it_grows():
    with pytest.raises(BombError, match=f"{MOST_RATIO} times"):
        unpacked(bomb(8 * MIB))


def test_the_bound_is_met_to_the_byte():
    packed = gzip.compress(bytes(range(200)))
    assert len(unpacked(packed, 200)) == 200
    with pytest.raises(BombError):
        unpacked(packed, 199)


def test_gzip_that_is_cut_anywhere_is_no_gzip():
    packed = gzip.compress(b"some words")
    for end in range(len(packed)):
        with pytest.raises(PackedError):
            unpacked(packed[:end])


good = gzip.compress(b"some words")
BAD = {
    "no gzip": b"some words",
    "zlib": zlib.compress(b"some words"),
    "bare deflate": zlib.compress(b"some words", wbits=-15),
    "damaged": good[:-8] + bytes([good[-8] ^ 1]) + good[-7:],
    "junk behind it": good + b"x",
    "two of them": good + good,
}


@pytest.mark.parametrize("packed", BAD.values(), ids=BAD.keys())
def test_what_is_no_gzip_alone_is_refused(packed):
    with pytest.raises(PackedError):
        unpacked(packed)
