"""The file of a bundle: whole or not at all, and read with suspicion."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from nanwatch.bundle import archive
from nanwatch.bundle.errors import BundleError

ARRAY = np.arange(1000, dtype="float32")


class Trap:
    """Does harm when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("something was unpickled",))


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def packed(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def header(shape):
    """An .npy that promises more than it holds."""
    file = io.BytesIO()
    promise = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, promise)
    return file.getvalue() + b"\0" * 16


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "b.zip"
    archive.write(path, {"manifest.json": {"a": 1}}, {"batches/0/x": ARRAY, "n": np.array(3)})
    return path


def test_what_was_written_is_read(written):
    texts, arrays = archive.read(written)
    assert texts == {"manifest.json": {"a": 1}}
    assert np.array_equal(arrays["batches/0/x"], ARRAY)
    assert arrays["n"].shape == ()


def test_a_failed_write_leaves_nothing_behind(tmp_path, written):
    before = written.read_bytes()
    with pytest.raises(ValueError, match="allow_pickle"):
        archive.write(written, {}, {"a": np.array([{}])})
    assert written.read_bytes() == before
    assert list(tmp_path.iterdir()) == [written]


def test_a_cut_off_file_is_told(written):
    content = written.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 5):
        written.write_bytes(content[:length])
        with pytest.raises(BundleError, match="no bundle of nanwatch, or is damaged"):
            archive.read(written)


def test_a_flipped_bit_is_told(written):
    with zipfile.ZipFile(written) as file:
        start = file.getinfo("batches/0/x.npy").header_offset + 200
    content = bytearray(written.read_bytes())
    content[start] ^= 0xFF
    written.write_bytes(content)
    with pytest.raises(BundleError, match="damaged"):
        archive.read(written)


@pytest.mark.parametrize("name", ["../evil.npy", "/evil.npy", "a/../b.npy", "C:\\x.npy", "a//b"])
def test_a_name_that_leads_out_of_the_archive_is_refused(name, tmp_path):
    with pytest.raises(BundleError, match="is refused"):
        archive.read(packed(tmp_path / "b.zip", {name: npy(ARRAY)}))


def test_nothing_is_unpickled(tmp_path):
    trap = npy(np.array([Trap()], object), allow_pickle=True)
    bare = pickle.dumps(Trap())
    for content in (trap, bare):
        with pytest.raises(BundleError):
            archive.read(packed(tmp_path / "b.zip", {"a.npy": content}))


@pytest.mark.parametrize("shape", [(2**40,), (2**62, 2**62), (-1,), (5,)])
def test_memory_is_not_given_for_promises(shape, tmp_path):
    with pytest.raises(BundleError, match="damaged"):
        archive.read(packed(tmp_path / "b.zip", {"a.npy": header(shape)}))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "b.zip"
    archive.write(path, {}, {"a": np.zeros(3 << 20, "uint8")})
    assert path.stat().st_size < 10_000
    with pytest.raises(BundleError, match=r"load_bundle\(path, max_mib=4\)"):
        archive.read(path, max_mib=2)
    assert archive.read(path, max_mib=4)[1]["a"].size == 3 << 20


def test_json_of_endless_depth_is_told(tmp_path):
    deep = b"[" * 200_000
    with pytest.raises(BundleError, match="damaged"):
        archive.read(packed(tmp_path / "b.zip", {"manifest.json": deep}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        file.writestr("a.npy", npy(ARRAY))
        file.writestr("a.npy", npy(ARRAY))
    with pytest.raises(BundleError, match="not unique"):
        archive.read(tmp_path / "b.zip")


def test_a_file_that_means_to_be_one_is_known(written, tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("PS")
    assert archive.is_archive(written)
    assert not archive.is_archive(other)
    assert not archive.is_archive(tmp_path / "calm-otter-17")
    assert not archive.is_archive(tmp_path)
