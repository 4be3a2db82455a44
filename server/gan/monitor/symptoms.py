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
    revive_gradient,
    slow_both,
    strengthen_discriminator,
)
from server.gan.registry import Paper, Registry, Unit

GOODFELLOW = Paper("Goodfellow", "NIPS 2016 Tutorial: Generative Adversarial Networks", 2016)
ARJOVSKY = Paper("Arjovsky, Bottou", "Towards Principled Methods for Training Generative Adversarial Networks", 2017)
MESCHEDER = Paper("Mescheder, Geiger, Nowozin", "Which Training Methods for GANs do actually Converge?", 2018)


@dataclass(frozen=True)
class Symptom(Unit[Callable[..., Finding | None]]):
    """A way in which a run goes wrong; its rule judges the readings, or with `of_failure` why the run broke.

    `sentence` explains a finding, with the numbers of its evidence in braces; `evidence` says in words what each
    number is; `remedies` gives the changes that help a run of a config.
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


def find_failure(step: int) -> Finding:
    """A number became infinite or not a number: the updates had grown so large that they undid each other."""
    return Finding(step, {})


BEST_JS = "lowest JS divergence since, in bits"
RANKED = "pairs in which the real point is scored higher"

SYMPTOMS.add(
    Symptom(
        "diverged", "Diverged", find_failure, r"\|\theta\| \to \infty", MESCHEDER,
        sentence="The updates grew until a number became infinite or not a number; from there a run cannot go on.",
        evidence={}, remedies=slow_both, of_failure=True,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "mode_collapse", "Mode collapse", rules.find_collapse,
        rf"\frac{{\sigma(G(z))}}{{\sigma(x)}} < {rules.SMALL_SPREAD}", GOODFELLOW,
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
        rf"\operatorname{{std}}_t(\bar y_t) > {rules.SWING_SPREADS:g}\, \sigma(G(z))", MESCHEDER,
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
        r"\mathbb{E}\left|\frac{\partial L_G}{\partial d(G(z))}\right| <"
        rf" {rules.SURE_ANSWER}\, \left|\frac{{\partial L_G}}{{\partial d}}\right|_{{\text{{balanced}}}}", ARJOVSKY,
        sentence="The discriminator tells {ranked:.0%} of pairs apart, and the generator's gradient has shrunk to"
        " {answer:.0%} of what it is in an even game.",
        evidence={"ranked": RANKED, "answer": "the generator's gradient, as a part of that in an even game"},
        remedies=revive_gradient,
    )
)  # fmt: skip
SYMPTOMS.add(
    Symptom(
        "weak_discriminator", "Generator overpowers discriminator", rules.find_fooling,
        r"P\big(d(x) > d(G(z))\big) < \tfrac12, \quad \mathrm{JS} > \tfrac12", GOODFELLOW,
        sentence="The discriminator scores the real point higher in only {ranked:.0%} of pairs, although the two sorts"
        " lie far apart: it learns too slowly to guide the generator.",
        evidence={"ranked": RANKED, "best_js": BEST_JS},
        remedies=strengthen_discriminator,
    )
)  # fmt: skip
