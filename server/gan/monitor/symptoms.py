"""The symptoms: in which ways a run goes wrong, what finds them, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.gan.datasets.modes import UNROLLED
from server.gan.monitor import rules
from server.gan.monitor.readings import Finding
from server.gan.monitor.remedies import (
    Remedies,
    calm_generator,
    flatten_memory,
    revive_gradient,
    slow_both,
    strengthen_discriminator,
)
from server.gan.papers import GAN_TUTORIAL, LIMITED_DATA, WHICH_CONVERGE
from server.gan.registry import Paper, Registry, Unit

ARJOVSKY = Paper("Arjovsky, Bottou", "Towards Principled Methods for Training Generative Adversarial Networks", 2017)


@dataclass(frozen=True)
class Symptom(Unit[Callable[..., Finding | None]]):
    """A way in which a run goes wrong; its rule judges the readings, or with `of_failure` why the run broke.

    `sentence` explains a finding, with the numbers of its evidence in braces, and `{player}` for the one that failed;
    `evidence` says in words what each number is; `remedies` gives the changes that help a run of a config.
    """

    sentence: str = field(kw_only=True)
    evidence: Mapping[str, str] = field(kw_only=True)
    remedies: Remedies = field(kw_only=True)
    of_failure: bool = field(default=False, kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "evidence": dict(self.evidence)}


SYMPTOMS: Registry[Symptom] = Registry("symptom")
"""In the order in which they are told."""


def find_failure(step: int, player: str) -> Finding:
    """A number became infinite or not a number: the updates had grown so large that they undid each other."""
    return Finding(step, {}, player)


BEST_JS = "lowest JS divergence since, in bits"
RANKED = "pairs in which the real point is scored higher"

SYMPTOMS.add(
    Symptom(
        "diverged", "Diverged", find_failure, r"\|\theta\| \to \infty", WHICH_CONVERGE,
        sentence="The updates grew until a number of the {player}'s became infinite or not a number; from there a run"
        " cannot go on.",
        evidence={}, remedies=slow_both, of_failure=True,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "thrown_away", "Thrown away from the data", rules.find_thrown_away,
        rf"\max\big(\lVert \bar y \rVert,\; \sigma(G(z))\big) > {rules.AWAY:g}\, \sigma(x)", WHICH_CONVERGE,
        sentence="The generated points have left the data: their middle lies {distance:,.1f} widths of the data away,"
        " and they are {spread:,.1f} widths wide. Steps as large as these throw them past whatever they aim at.",
        evidence={
            "distance": "distance from the middle of the data, in widths of the data",
            "spread": "width of the cloud, in widths of the data",
        },
        remedies=slow_both,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "mode_collapse", "Mode collapse", rules.find_collapse,
        rf"\frac{{\sigma(G(z))}}{{\sigma(x)}} < {rules.SMALL_SPREAD}", GAN_TUTORIAL,
        sentence="All generated points lie in one clump, whatever noise they come from, and {reached:.0%} of the data"
        " have one nearby.",
        evidence={
            "spread": "width of the clump, in widths of the data",
            "reached": "share of the data with a generated point nearby",
            "covered": "modes covered",
        },
        remedies=strengthen_discriminator,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "mode_hopping", "Mode hopping", rules.find_hopping,
        rf"\#\{{t : \|\bar y_{{t}} - \bar y_{{t - 50}}\| > {rules.HOP_LENGTH}\, \sigma(x)\}} \ge {rules.HOPS}",
        UNROLLED,
        sentence="The clump of generated points has leapt {hops:.0f} times: each time the discriminator learns to"
        " reject where it is, it moves elsewhere.",
        evidence={"hops": "leaps in 1,000 steps", "farthest": "longest leap, in widths of the data"},
        remedies=strengthen_discriminator,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "oscillation", "Oscillation without progress", rules.find_swinging,
        rf"\operatorname{{std}}_t(\bar y_t) > {rules.SWING_SPREADS:g}\, \sigma(G(z))", WHICH_CONVERGE,
        sentence="The cloud of generated points swings to and fro and comes no closer: the generator overshoots before"
        " the discriminator can follow.",
        evidence={
            "swing": "how far it swings, in widths of the data",
            "spread": "width of the cloud, in widths of the data",
            "best_js": BEST_JS,
        },
        remedies=calm_generator,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "vanishing_gradient", "Discriminator overpowers generator", rules.find_vanishing,
        r"\mathbb{E}\left\lVert\frac{\partial L_G}{\partial G(z)}\right\rVert <"
        rf" {rules.FAINT_PULL}\,"
        r" \mathbb{E}\left\lVert\frac{\partial L_{\text{non-saturating}}}{\partial G(z)}\right\rVert",
        ARJOVSKY,
        sentence="The discriminator tells {ranked:.0%} of pairs apart: it is sure of nearly every generated point, and"
        " there this loss passes on {pull:.0%} of the pull that the non-saturating loss would.",
        evidence={"ranked": RANKED, "pull": "pull on the generated points, over that of the non-saturating loss"},
        remedies=revive_gradient,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "weak_discriminator", "Generator overpowers discriminator", rules.find_fooling,
        r"P\big(d(x) > d(G(z))\big) < \tfrac12, \quad \mathrm{JS} > \tfrac12", GAN_TUTORIAL,
        sentence="The discriminator scores the real point higher in only {ranked:.0%} of pairs, although the two sorts"
        " lie far apart: it learns too slowly to guide the generator.",
        evidence={"ranked": RANKED, "best_js": BEST_JS},
        remedies=strengthen_discriminator,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "memory", "Discriminator learns its data by heart", rules.find_memory,
        r"P\big(d(x_i) > d(G(z))\big) - P\big(d(x) > d(G(z))\big) >"
        rf" {rules.MEMORY_LEAD}, \quad x_i \text{{ known}}, \; x \text{{ fresh}}",
        LIMITED_DATA,
        sentence="The discriminator scores the real points that it knows above generated ones in {ranked:.0%} of pairs,"
        " and fresh ones of the same law in {fresh:.0%}: it has learned its few points by heart, and rejects what lies"
        " between them. More data would help most.",
        evidence={
            "ranked": "pairs in which a known real point is scored higher",
            "fresh": "pairs in which a fresh real point is scored higher",
        },
        remedies=flatten_memory,
    )
)  # fmt: skip
