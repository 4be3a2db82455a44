"""What a preset is: a complete run to begin with, and what to look for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.gan.claims import Claim
from server.gan.config import Catalog, check_config

FIRST, GAN_LABS, LESSONS = "First", "GAN Lab's", "Lessons"


@dataclass(frozen=True)
class Preset:
    """A named run: `config` holds what differs from the defaults, `watch_for` says what happens when it trains.

    `pretrained` is the step of the model that the lab has of it, where it has one (`python -m tests.tools.pretrain`).
    `claims` are what a program checks of it (`ganlab check-lessons`).
    `group` is the heading that it stands under in a menu; the lessons wait behind "More" there.
    """

    key: str
    label: str
    help: str
    watch_for: str
    config: Mapping[str, Any]
    pretrained: int | None = None
    group: str = LESSONS
    claims: tuple[Claim, ...] = ()

    def describe(self, catalog: Catalog) -> dict[str, Any]:
        """Give the preset as plain data, its config complete."""
        return {
            "key": self.key,
            "label": self.label,
            "help": self.help,
            "watch_for": self.watch_for,
            "pretrained": self.pretrained,
            "group": self.group,
            "basic": self.group != LESSONS,
            "claims": [claim.describe() for claim in self.claims],
            "config": check_config(self.config, catalog).to_json(),
        }
