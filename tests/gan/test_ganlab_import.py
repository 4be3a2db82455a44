"""Models that GAN Lab saved: the same answers, a run that goes on, and clear words for every damaged file."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from server.errors import FileError
from server.gan.catalog import build_catalog
from server.gan.ganlab_import import find_weights_name, read_ganlab_files, read_ganlab_model
from server.gan.model_file import Model
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.ganlab_models import REAL_MODELS, Saved, classify, generate, make_saved, read_saved
from tests.tools.lab import ROOT

CATALOG = build_catalog()
NOISES = ["1D Uniform", "1D Gaussian", "2D Uniform", "2D Gaussian"]


def open_trainer(model: Model) -> Trainer:
    return Trainer(model.config, state=RunState.unpack(model.packed))


def read_both(saved: Saved) -> Model:
    return read_ganlab_model(json.dumps(saved.manifest()).encode(), saved.content(), CATALOG)


def compare_answers(saved: Saved, model: Model) -> None:
    trainer = open_trainer(model)
    numbers = np.random.default_rng(0)
    z = numbers.random((200, trainer.source.dimension)).astype(np.float32)
    x = numbers.uniform(-1, 1.5, (200, 2)).astype(np.float32)
    np.testing.assert_allclose(trainer.generate(torch.from_numpy(z)).numpy(), generate(saved, z), atol=1e-5)
    logits = trainer.discriminator(trainer.weights("discriminator"), trainer.source.to_lab(torch.from_numpy(x)))
    np.testing.assert_allclose(torch.sigmoid(logits).squeeze(-1).numpy(), classify(saved, x), atol=1e-5)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("g_layers", "d_layers"), [(0, 0), (1, 2), (5, 5)])
def test_p13_the_networks_answer_what_gan_labs_arithmetic_answers(
    tmp_path: Path, noise: str, g_layers: int, d_layers: int
) -> None:
    saved = make_saved(noise, g_layers, d_layers)
    compare_answers(saved, read_ganlab_files(saved.write(tmp_path), CATALOG))


@pytest.mark.skipif(not REAL_MODELS.is_dir(), reason="GAN Lab's own models are not beside this repository")
@pytest.mark.parametrize(("name", "step", "layers"), [("line", 466, (2, 2)), ("ring", 812, (2, 3))])
def test_p13_models_that_gan_lab_ships_open_at_their_step(name: str, step: int, layers: tuple[int, int]) -> None:
    file = REAL_MODELS / f"pretrained_{name}.json"
    model = read_ganlab_files(file, CATALOG)
    assert (model.counters["step"], model.config.data.name) == (step, name)
    assert (model.config.generator.hidden_layers, model.config.discriminator.hidden_layers) == layers
    compare_answers(read_saved(file), model)


def test_f7_n_hidden_layers_of_gan_lab_are_n_plus_one() -> None:
    config = read_both(make_saved(g_layers=1, d_layers=2)).config
    assert (config.generator.hidden_layers, config.discriminator.hidden_layers) == (2, 3)


def test_p13_the_settings_are_translated_and_training_goes_on_from_there() -> None:
    model = read_both(make_saved("1D Gaussian", dOptimizerType="Adam", lossType="LeastSq loss"))
    config = model.config.to_json()
    assert config["data"] == {"name": "ring", "units": "published", "size": 0}
    assert config["latent"] == {"name": "truncated", "dimension": 1}
    assert config["loss"] == {"name": "ganlab_least_squares"}
    assert config["d_optimizer"] == {"name": "adam", "learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999}
    assert config["g_optimizer"] == {"name": "sgd", "learning_rate": 0.03}
    assert (config["d_updates"], config["g_updates"], config["batch_size"]) == (3, 1, 150)
    assert config["generator"]["output"] == "tanh"
    trainer = open_trainer(model)
    before = trainer.state
    assert (before.step, before.d_updates, before.g_updates) == (812, 2436, 812)
    losses = trainer.step()
    assert trainer.state.step == 813
    assert all(torch.isfinite(loss) for loss in losses if loss is not None)
    assert not torch.equal(trainer.state.tensors["generator"], before.tensors["generator"])


def test_f6_the_first_update_follows_gan_labs_weighted_log_loss() -> None:
    saved = make_saved()
    trainer = open_trainer(read_both(saved))
    phases = {phase.name: phase.tensors for phase in trainer.phases("discriminator")}
    real, fake = classify(saved, phases["sample"]["x_real"]), classify(saved, phases["generate"]["x_fake"])
    expected = -(0.95 * np.log(real)).mean() - np.log(1 - fake).mean()
    assert phases["loss"]["d_loss"].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("folder", ["../../../etc/", "/etc/", "..\\..\\", "C:\\", "https://elsewhere.example/"])
def test_weights_are_read_beside_the_json_whatever_folder_it_names(tmp_path: Path, folder: str) -> None:
    saved = make_saved()
    saved.paths = [f"{folder}saved.weights.bin"]
    assert read_ganlab_files(saved.write(tmp_path), CATALOG).counters["step"] == 812


Damage = Callable[[dict[str, Any]], object]
DAMAGES: dict[str, tuple[Damage, str]] = {
    "no topology": (lambda m: m.pop("modelTopology"), "modelTopology"),
    "topology is a list": (lambda m: m.update(modelTopology=[]), "modelTopology"),
    "no config": (lambda m: m["modelTopology"].pop("config"), "config"),
    "a drawing": (lambda m: m["modelTopology"].update(shape_name="drawing"), "shape_name"),
    "unknown loss": (lambda m: m["modelTopology"]["config"].update(lossType="Hinge"), "lossType"),
    "other noise size": (lambda m: m["modelTopology"]["config"].update(noiseSize=1), "selectedNoiseType"),
    "huge width": (lambda m: m["modelTopology"]["config"].update(numGeneratorNeurons=10**9), "numGeneratorNeurons"),
    "no neurons": (lambda m: m["modelTopology"]["config"].update(numDiscriminatorNeurons=0), "Neurons"),
    "half a layer": (lambda m: m["modelTopology"]["config"].update(numGeneratorLayers=0.5), "numGeneratorLayers"),
    "a rate of words": (lambda m: m["modelTopology"]["config"].update(dLearningRate="fast"), "learning_rate"),
    "an endless rate": (lambda m: m["modelTopology"]["config"].update(gLearningRate=float("inf")), "learning_rate"),
    "a negative step": (lambda m: m["modelTopology"].update(iter_count=-1), "iter_count"),
    "a huge step": (lambda m: m["modelTopology"].update(iter_count=10**400), "iter_count"),
    "no groups": (lambda m: m.update(weightsManifest=[]), "weightsManifest"),
    "two groups": (lambda m: m["weightsManifest"].append({}), "weightsManifest"),
    "a missing array": (lambda m: m["weightsManifest"][0]["weights"].pop(), "weights"),
    "an array twice": (lambda m: m["weightsManifest"][0]["weights"][1].update(name="d-0"), "once"),
    "a strange array": (lambda m: m["weightsManifest"][0]["weights"][0].update(name="__proto__"), "once"),
    "not an array": (lambda m: m["weightsManifest"][0]["weights"].__setitem__(0, 7), "once"),
    "other shape": (lambda m: m["weightsManifest"][0]["weights"][0].update(shape=[7, 2]), "shape"),
    "huge shape": (lambda m: m["weightsManifest"][0]["weights"][0].update(shape=[2**40, 2**40]), "shape"),
    "other dtype": (lambda m: m["weightsManifest"][0]["weights"][0].update(dtype="int32"), "float32"),
    "quantized": (lambda m: m["weightsManifest"][0]["weights"][0].update(quantization={"scale": 1}), "float32"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_description_is_refused_in_words(damage: str) -> None:
    saved = make_saved()
    manifest = saved.manifest()
    change, told = DAMAGES[damage]
    change(manifest)
    with pytest.raises(FileError, match=told):
        read_ganlab_model(json.dumps(manifest).encode(), saved.content(), CATALOG)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 60_000, b" " * 100_000, b'{"a": 1' + b"0" * 9_000 + b"}"]
)
def test_what_is_not_its_json_is_refused(content: bytes) -> None:
    with pytest.raises(FileError, match="expected"):
        read_ganlab_model(content, make_saved().content(), CATALOG)


@pytest.mark.parametrize("cut", [0, 1, 100, -4])
def test_weights_of_another_length_are_refused(cut: int) -> None:
    saved = make_saved()
    content = saved.content()[:cut] if cut >= 0 else saved.content() + bytes(-cut)
    with pytest.raises(FileError, match=r"expected \d+ bytes of weights"):
        read_ganlab_model(json.dumps(saved.manifest()).encode(), content, CATALOG)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    saved = make_saved()
    saved.weights["g-2"][0, 0] = value
    with pytest.raises(FileError, match="generator: expected finite numbers"):
        read_both(saved)


@pytest.mark.parametrize("paths", [[], [""], [".."], ["a/.."], ["a", "b"], [7], "a", None, ["a\0b"], ["n" * 300]])
def test_names_that_are_no_files_are_refused(paths: Any) -> None:
    manifest = make_saved().manifest()
    manifest["weightsManifest"][0]["paths"] = paths
    with pytest.raises(FileError, match="paths"):
        find_weights_name(json.dumps(manifest).encode())


def test_files_are_looked_at_before_they_are_read(tmp_path: Path) -> None:
    file = make_saved().write(tmp_path)
    weights = tmp_path / "saved.weights.bin"
    os.truncate(weights, 1 << 40)
    with pytest.raises(FileError, match=r"saved\.weights\.bin: expected at most"):
        read_ganlab_files(file, CATALOG)
    weights.unlink()
    os.mkfifo(weights)
    with pytest.raises(FileError, match="expected a file"):
        read_ganlab_files(file, CATALOG)
    weights.unlink()
    with pytest.raises(FileError, match="cannot be read"):
        read_ganlab_files(file, CATALOG)


def run_import(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "import", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_p13_the_command_line_prints_one_object(tmp_path: Path) -> None:
    saved = make_saved()
    z, x = [[0.25, 0.5], [0.9, 0.1]], [[0.5, 0.5]]
    out = tmp_path / "model.safetensors"
    options = ("--z", json.dumps(z), "--x", json.dumps(x), "--save", str(out), "--json")
    run = run_import(str(saved.write(tmp_path)), *options)
    (line,) = run.stdout.splitlines()
    answer = json.loads(line)
    assert answer["config"] == read_both(saved).config.to_json()
    assert answer["step"] == 812
    np.testing.assert_allclose(answer["generated"], generate(saved, z), atol=1e-5)
    np.testing.assert_allclose(answer["probability"], classify(saved, x), atol=1e-5)
    assert out.is_file()


@pytest.mark.parametrize(
    ("option", "text"), [("--z", "[[1]]"), ("--z", "{"), ("--x", "[[1, NaN]]"), ("--x", '[["a", 1]]'), ("--x", "[]")]
)
def test_points_that_are_none_are_refused_by_name(tmp_path: Path, option: str, text: str) -> None:
    from server.commands.import_model import read_points
    from server.errors import ConfigError

    with pytest.raises(ConfigError, match=f"^{option[2:]}: expected"):
        read_points(option[2:], text, 2)


def test_a_file_that_is_not_there_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    run = run_import(str(tmp_path / "gone.json"))
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "ganlab: gone.json: cannot be read: No such file or directory\n"
