"""Trains the models that the lab comes with: `python -m tests.tools.pretrain` writes them into static/models/.

One for every preset that says at which step (`Preset.pretrained`); the same preset gives the same bytes again, on the
same arithmetic. To be run anew whenever such a preset, a law of data, or the order of random draws changes.
"""

from pathlib import Path

import torch

from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.model_file import build_model, write_model
from server.gan.phases import Losses
from server.gan.presets import PRESETS
from server.gan.trainer import Trainer
from tests.tools.lab import ROOT

FOLDER = ROOT / "static" / "models"


def list_presets() -> list[str]:
    """The presets that have a model."""
    return [key for key, preset in PRESETS.items() if preset.pretrained is not None]


def train_model(key: str) -> bytes:
    """Train a preset's model, and give its file."""
    preset = PRESETS[key]
    trainer, losses = Trainer(check_config(preset.config, build_catalog())), Losses()
    for _ in range(preset.pretrained or 0):
        losses = trainer.step()
    scalars = {
        f"{player}_loss": None if loss is None else loss.item() for player, loss in zip("dg", losses, strict=True)
    }
    return write_model(build_model(trainer.config, trainer.state.pack(), scalars))


def write_models(folder: Path = FOLDER) -> None:
    """Train and write all of them."""
    torch.set_num_threads(1)
    folder.mkdir(exist_ok=True)
    for key in list_presets():
        content = train_model(key)
        (folder / f"{key}.safetensors").write_bytes(content)
        print(f"{key}: step {PRESETS[key].pretrained}, {len(content)} bytes")


if __name__ == "__main__":
    write_models()
