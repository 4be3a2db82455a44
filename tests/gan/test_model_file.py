"""Saved models: what is written is read, to the last bit; whatever is not one is refused in words."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from server.errors import FileError
from server.gan.catalog import build_catalog
from server.gan.model_file import MOST_BYTES, build_model, read_model, write_model
from server.gan.state import RunState
from server.gan.tensor_file import KEY
from server.gan.trainer import Trainer
from tests.tools.runs import make_config

CATALOG = build_catalog()
SMALL = ["generator.width=4", "discriminator.width=3", "batch_size=8", "g_optimizer.name=rmsprop"]


def train_small(steps: int = 3) -> Trainer:
    trainer = Trainer(make_config(*SMALL))
    for _ in range(steps):
        trainer.step()
    return trainer


def write_small() -> bytes:
    trainer = train_small()
    return write_model(build_model(trainer.config, trainer.state.pack(), {"d_loss": 1.5, "g_loss": None}))


WRITTEN = write_small()


def test_f25_a_saved_run_goes_on_as_if_it_had_not_been_saved() -> None:
    trainer = train_small()
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), CATALOG)
    again = Trainer(model.config, state=RunState.unpack(model.packed))
    assert model.config == trainer.config
    assert again.state.step == model.counters["step"] == 3
    for _ in range(5):
        trainer.step()
        again.step()
    for name, tensor in trainer.state.tensors.items():
        assert torch.equal(tensor, again.state.tensors[name]), name


def test_equal_models_are_equal_bytes_and_keep_their_scalars() -> None:
    assert write_small() == WRITTEN
    assert read_model(WRITTEN, CATALOG).scalars == {"d_loss": 1.5, "g_loss": None}


def rewrite(change: Callable[[dict[str, np.ndarray], dict[str, Any]], object]) -> bytes:
    """The model with its arrays or what it tells of itself changed."""
    model = read_model(WRITTEN, CATALOG)
    arrays: dict[str, Any] = dict(model.arrays)
    length = int.from_bytes(WRITTEN[:8], "little")
    told = json.loads(json.loads(WRITTEN[8 : 8 + length])["__metadata__"][KEY])
    change(arrays, told)
    return save(arrays, {KEY: json.dumps(told)})


DAMAGES: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "no generator": (lambda a, t: a.pop("generator"), "without generator"),
    "no counter": (lambda a, t: a.pop("g_updates"), "without g_updates"),
    "no memory": (lambda a, t: a.pop("g_optimizer.square"), r"without g_optimizer\.square"),
    "other shape": (lambda a, t: a.update(generator=np.zeros(5, np.float32)), "generator: expected float32 of shape"),
    "other type": (
        lambda a, t: a.update(generator=a["generator"].astype(np.float64)),
        "expected numbers of type F32, I64, got F64",
    ),
    "whole numbers": (lambda a, t: a.update(generator=a["generator"].astype(np.int64)), "generator: expected float32"),
    "nan": (lambda a, t: a.update(generator=a["generator"] * np.float32("nan")), "generator: expected finite"),
    "one more": (lambda a, t: a.update(secret=np.zeros(1, np.float32)), "'secret' too"),
    "negative step": (lambda a, t: a.update(step=np.array(-1)), "step: expected a whole number"),
    "step in a list": (lambda a, t: a.update(step=np.array([3])), "step: expected a whole number"),
    "two steps": (lambda a, t: t.update(step=4), "at step 3, got one that says step 4"),
    "no config": (lambda a, t: t.pop("config"), "config"),
    "another width": (lambda a, t: t["config"]["generator"].update(width=256), "generator: expected float32 of shape"),
    "unknown key": (lambda a, t: t["config"].update(colour=1), "colour: unknown key"),
    "other format": (lambda a, t: t.update(format="other"), "another format"),
    "later version": (lambda a, t: t.update(version=2), "version 2 of a newer lab"),
    "no version": (lambda a, t: t.pop("version"), "version 1, got one without a version"),
    "earlier version": (lambda a, t: t.update(version=0), "of version 1, got version 0"),
    "a half character": (lambda a, t: t.update(note="\ud800"), "another file or a damaged one"),
    "scalars": (lambda a, t: t.update(scalars={"d_loss": "low"}), r"scalars\.d_loss"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_model_whose_parts_do_not_fit_is_refused_in_words(damage: str) -> None:
    change, told = DAMAGES[damage]
    with pytest.raises(FileError, match=told):
        read_model(rewrite(change), CATALOG)


@pytest.mark.parametrize("key", ["ada", "diffusion"])
@pytest.mark.parametrize(
    ("slot", "number", "limits"),
    [("p", 1.5, "0 to 1, got 1.5"), ("p", -0.1, "0 to 1"), ("updates", 4, "0 to 3"), ("signs", -3.5, "-3 to 3")],
)
def test_numbers_that_a_technique_never_reaches_are_refused(key: str, slot: str, number: float, limits: str) -> None:
    trainer = Trainer(make_config(*SMALL, techniques=[{"name": key}]))
    for _ in range(7):
        trainer.step()
        read_model(write_model(build_model(trainer.config, trainer.state.pack())), CATALOG)
    name = f"technique.{key}.{slot}"
    trainer.state.tensors[name].fill_(number)
    with pytest.raises(FileError, match=f"{name}: expected a number from {limits}"):
        read_model(write_model(build_model(trainer.config, trainer.state.pack())), CATALOG)


@pytest.mark.parametrize("key", ["ada", "diffusion"])
def test_a_count_that_is_not_whole_does_not_keep_p_where_it_is(key: str) -> None:
    """A file may have 1.5: no count of it is ever 4, yet p moves."""
    trainer = Trainer(make_config(*SMALL, techniques=[{"name": key, "target": -1.0}]))
    trainer.state.tensors[f"technique.{key}.updates"].fill_(1.5)
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), CATALOG)
    again = Trainer(model.config, state=RunState.unpack(model.packed))
    for _ in range(4):
        again.step()
    assert again.state.tensors[f"technique.{key}.p"].item() > 0


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04", b"\x80\x04\x95", b"\xff" * 64, (2).to_bytes(8, "little") + b"{}",
        (60_000).to_bytes(8, "little") + b"[" * 60_000, WRITTEN[:-1], WRITTEN[:200], WRITTEN + b"x",
        save({"generator": np.zeros(3, np.float32)}), save({}, {KEY: "[]"}), save({}, {KEY: "{"}),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_not_a_model_is_refused(content: bytes) -> None:
    with pytest.raises(FileError, match="expected"):
        read_model(content, CATALOG)


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(FileError, match="at most"):
        read_model(bytes(MOST_BYTES + 1), CATALOG)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_still_a_whole_model(place: int, value: int) -> None:
    changed = bytearray(WRITTEN)
    changed[place] = value
    try:
        model = read_model(bytes(changed), CATALOG)
    except FileError:
        return
    trainer = Trainer(model.config, state=RunState.unpack(model.packed))
    assert trainer.generate(trainer.source.sample_latent(4, trainer.source.draws("test"))).shape == (4, 2)
