"""Files of the lab: named tensors in the safetensors format, and JSON metadata that tell what they are.

Metadata hold one string, JSON, so that equal contents are equal bytes. Whatever is not such a file is refused in
words, before more memory is taken than the file's own size asks for.
No torch here: the web process imports this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from server.errors import FileError

KEY = "ganlab"
Arrays = Mapping[str, NDArray[np.generic]]
Told = dict[str, Any]
"""What a file tells of itself: plain data."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: what it is called on the page and in the file, and what bounds it; `types` are safetensors'."""

    noun: str
    format: str
    version: int
    most_bytes: int
    most_header_bytes: int
    types: frozenset[str]


def write_tensors(kind: Kind, told: Mapping[str, Any], arrays: Arrays) -> bytes:
    """Give the bytes of a file; equal contents give equal bytes.

    Raises:
        FileError: it would be too large to be read again.
    """
    whole = {"format": kind.format, "version": kind.version, **told}
    text = json.dumps(whole, sort_keys=True, allow_nan=False, separators=(",", ":"))
    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()}, {KEY: text})
    if len(content) > kind.most_bytes:
        raise FileError(f"{kind.noun}: expected at most {kind.most_bytes} bytes, got {len(content)}")
    if _read_length(content) > kind.most_header_bytes:
        most, got = kind.most_header_bytes, _read_length(content)
        raise FileError(f"{kind.noun}: expected at most {most} bytes of settings and marks, got {got}")
    return content


def read_tensors(kind: Kind, content: bytes) -> tuple[Told, Arrays]:
    """Read what `write_tensors` wrote: what the file tells of itself, and its tensors, which nobody has checked yet.

    Raises:
        FileError: this is not such a file.
    """
    if len(content) > kind.most_bytes:
        raise FileError(f"expected a {kind.noun} of at most {kind.most_bytes} bytes, got {len(content)}")
    length = _read_length(content)
    if len(content) < 8 or length > min(kind.most_header_bytes, len(content) - 8):
        raise FileError(f"expected a {kind.noun}, got a file that is cut off or something else")
    try:
        header = json.loads(content[8 : 8 + length])
        told = parse_plain(header.pop("__metadata__")[KEY])
        types = {facts["dtype"] for facts in header.values()}
        arrays = load(content) if types <= kind.types else {}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, SafetensorError):
        raise FileError(f"expected a {kind.noun} of this lab, got another file or a damaged one") from None
    if types - kind.types:
        expected, got = ", ".join(sorted(kind.types)), ", ".join(sorted(map(str, types - kind.types)))[:60]
        raise FileError(f"expected numbers of type {expected}, got {got}")
    _check_told(kind, told)
    return told, arrays


def parse_plain(text: str) -> Any:
    """Read JSON that can be written again: every number is finite, every text is whole.

    Raises:
        ValueError: it is not.
    """
    plain = json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float)
    json.dumps(plain, ensure_ascii=False).encode()  # half a character cannot be sent on
    return plain


def _check_told(kind: Kind, told: object) -> None:
    if not isinstance(told, dict) or told.get("format") != kind.format:
        raise FileError(f"expected a {kind.noun}, got another format")
    version = told.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise FileError(f"expected a {kind.noun} of version {kind.version}, got one without a version")
    if version > kind.version:
        raise FileError(
            f"expected a {kind.noun} of version {kind.version} or before, got version {version} of a newer lab; update"
        )
    if version != kind.version:
        raise FileError(f"expected a {kind.noun} of version {kind.version}, got version {version}")


def _read_length(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"expected a finite number, got {name}")


def _parse_float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"expected a finite number, got {text[:20]}")
    return number
