"""Frames: one binary message, named arrays in their natural types, in the safetensors format.

Shapes: M generated samples, N real samples, S cells a side of the surface, K lines a side of the warp,
Z latent dimensions, D coordinates of a point: 2, or 1 for data on the line.
Points and gradients are in published units, the data set's own; scores are raw discriminator outputs (high means real).

| layer | arrays | |
|---|---|---|
| noise | z (M, min(Z, 2)) | the fixed noise that the generated samples come from, first two coordinates |
| real | x_real (N, D) | a fixed sample of the data, or of the finitely many points that a run learns from |
| generated | x_fake (M, D) | G(z) for the fixed noise |
| averaged | x_averaged (M, D) | the averaged generator's samples of the same noise, where a technique keeps one |
| refined | x_refined (M, D) | samples as a technique of drawing takes them, where the run has one |
| reconstructed | x_reconstructed (N, D) | G(E(x)) for the real sample with an encoder E, or G of its code |
| encoded | z_real (N, min(Z, 2)) | E(x) for the real sample with an encoder E, its first two coordinates |
| predictions | real_logits (N), fake_logits (M) | d(x_real), d(x_fake) |
| surface | surface (S, S) | d over the box, row 0 at the bottom, at the centres of S x S cells |
| optimum | optimal_surface (S, S), optimal_gap (1) | the best d there, and how far d is from it, where that is known |
| warp | warp (K, K, D) or (K, D), warp_noise (K, K, 2) or (K, 1) | equally likely cells of noise, where G sends it |
| streams | streams (40, T, D) | the ways of some samples from the noise, where they do not come of it at once |
| gradients | gradients (M, D) | -dL_G/dx per generated sample: where it should move; none where none is priced |
| d_gradients | surface_change (S, S) | change of d by a small step against its loss's gradient, at most 1 |
| density | density (S, S) | the data's probability density over the box |

On the line a surface, an optimal surface, a change and a density are (1, S): a value for each cell of the x axis.
A layer without arrays is none for that run: a warp of noise that has no such cells, a density that is not known.
Arrays that do not change within a revision (z, x_real, warp_noise, density) are sent once: a page keeps the newest of
each array, and forgets all when `revision` changes. While a run plays for a page that has fewer frames than it should,
M, S and K are smaller: the generated samples, and z, are then the first of all, and what does not change is sent anew
with every change of sizes. Where a run trains the means of its noise z is sent in every frame,
and where a technique replaces its real points x_real is.
Metadata, all strings: session, step, phase, revision, box ("x0 x1 y0 y1"), samples, made. On the line (y0, y1) is from
0 to the height of a picture of densities, per published unit; phase is the one that a run inside a step has just passed
("discriminator 1 loss"), and else empty; samples is M in full; made is when the frame was, in seconds since 1970.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from server.errors import MessageError

Arrays = Mapping[str, NDArray[np.generic]]

LAYER_ARRAYS: Mapping[str, tuple[str, ...]] = {
    "noise": ("z",),
    "real": ("x_real",),
    "generated": ("x_fake",),
    "averaged": ("x_averaged",),
    "refined": ("x_refined",),
    "reconstructed": ("x_reconstructed",),
    "encoded": ("z_real",),
    "predictions": ("real_logits", "fake_logits"),
    "surface": ("surface",),
    "optimum": ("optimal_surface", "optimal_gap"),
    "warp": ("warp", "warp_noise"),
    "streams": ("streams",),
    "gradients": ("gradients",),
    "d_gradients": ("surface_change",),
    "density": ("density",),
}
FIXED_ARRAYS = frozenset({"z", "x_real", "warp_noise", "density"})
"""Arrays that do not change within a revision, but for trained means (z) and replaced real points (x_real)."""


BEGINNING = '{"__metadata__":'
"""What the header of a frame begins with, as it is written here."""
_DECODER = json.JSONDecoder()


def encode_frame(arrays: Arrays, metadata: Mapping[str, str]) -> bytes:
    """Give the arrays and their metadata as one binary message."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, dict(metadata))


def decode_frame(message: bytes) -> tuple[Arrays, Mapping[str, str]]:
    """Read what `encode_frame` wrote.

    Raises:
        MessageError: these bytes are not a frame.
    """
    try:
        arrays = load(message)
    except SafetensorError as error:
        raise MessageError(f"frame: expected the safetensors format, got other bytes ({error})") from None
    return arrays, read_metadata(message)


def read_metadata(message: bytes) -> Mapping[str, str]:
    """Read the metadata of a frame alone, without its arrays."""
    header = message[8 : 8 + int.from_bytes(message[:8], "little")].decode()
    metadata: Mapping[str, str]
    if header.startswith(BEGINNING):  # the rest need not be read
        metadata, _ = _DECODER.raw_decode(header, len(BEGINNING))
    else:
        metadata = json.loads(header).get("__metadata__", {})
    return metadata
