"""The file of a bundle: a zip of .npy arrays and JSON texts, read with suspicion.

Nothing is extracted, so no name can lead out of the archive, and nothing is unpickled. What a file
says about its sizes is checked before memory is given to it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from nanwatch.bundle.errors import BundleError

MAX_MIB = 1024
MAX_MEMBERS = 100_000
MAX_TEXT = 64 * 1024 * 1024
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # a compression that Python does not know
    RecursionError,  # JSON of endless depth
    OverflowError,
    SyntaxError,  # the header of an .npy is a Python literal
    tokenize.TokenError,
)
_HEADERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def write(path: Path, texts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write JSON values and arrays, readable by this user only; all of it or nothing."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
            for name, value in texts.items():
                z.writestr(name, json.dumps(value, indent=1))
            for name, array in arrays.items():
                with z.open(f"{name}.npy", "w", force_zip64=True) as member:
                    npy.write_array(member, array, allow_pickle=False)
        os.replace(draft, path)
    except BaseException:  # Ctrl-C too must leave no half-written draft; it goes on its way
        os.unlink(draft)
        raise


def read(path: Path, max_mib: int = MAX_MIB) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The JSON values and the arrays of a bundle, by name.

    Raises:
        BundleError: no bundle, a damaged or a hostile one, or one larger than `max_mib`.
        OSError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive, max_mib)
            names = archive.namelist()
            texts = {n: _text(archive, n) for n in names if n.endswith(".json")}
            arrays = {n[:-4]: _array(archive, n) for n in names if n.endswith(".npy")}
    except _DAMAGE as error:
        raise BundleError(f"{path} is no bundle of nanwatch, or is damaged ({error})") from error
    return texts, arrays


def is_archive(path: Path) -> bool:
    """Whether a path is a file that means to be a bundle, though it may be damaged."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == ".zip" or file.read(4) == b"PK\x03\x04"


def _check(archive: zipfile.ZipFile, max_mib: int) -> None:
    members = archive.infolist()
    strange = [info.filename for info in members if not _NAME.fullmatch(info.filename)]
    if strange:
        raise BundleError(f"{archive.filename} is refused: it holds {ascii(strange[0])[:80]}")
    if len({info.filename for info in members}) != len(members) or len(members) > MAX_MEMBERS:
        raise ValueError("names that are not unique, or too many of them")
    size = sum(info.file_size for info in members) >> 20
    if size > max_mib:
        raise BundleError(
            f"{archive.filename} holds {size} MiB, more than the {max_mib} MiB that are read "
            f"without being asked: load_bundle(path, max_mib={size + 1})"
        )


def _text(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > MAX_TEXT:
        raise ValueError(f"{name} is too long")
    return json.loads(archive.read(name))


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array, once its header and the size of its member agree."""
    with archive.open(name) as member:
        promised = _header_bytes(member)
        if member.tell() + promised != archive.getinfo(name).file_size:
            raise ValueError(f"{name} has not the size that it claims")
    with archive.open(name) as member:
        array: NDArray[Any] = npy.read_array(member, allow_pickle=False)
    return array


def _header_bytes(member: IO[bytes]) -> int:
    """How many bytes of data the header of an .npy promises."""
    shape, _, dtype = _HEADERS[npy.read_magic(member)](member)
    if dtype.hasobject or any(size < 0 for size in shape):
        raise ValueError("it holds Python objects, which are never unpickled")
    return int(dtype.itemsize * np.prod(shape, dtype=object))
