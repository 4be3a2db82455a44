"""Techniques that act between two steps, and those that change from where the players learn.

Shape letters: P parameters; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from torch import Tensor

from server.gan.papers import NUMERICS, PROGRESSIVE
from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, OrderTechnique, StepTechnique, Tensors
from server.gan.values import Value

PLAYERS = ("generator", "discriminator")


def ema(networks: Tensors, slots: Tensors, step: int, beta: Value) -> tuple[Tensors, dict[str, Tensor]]:
    """A second generator is kept, the average of the recent ones: calmer than the one that trains, and often better."""
    average = slots["generator"]
    return networks, {"generator": average + (networks["generator"] - average) * (1 - beta)}


def lookahead(
    networks: Tensors, slots: Tensors, step: int, k: float, alpha: Value
) -> tuple[Tensors, dict[str, Tensor]]:
    """Every few steps both players go back a part of the way, together: circling games are pulled to their middle."""
    if step % k:
        return networks, dict(slots)
    moved: dict[str, Tensor] = {name: slots[name] + (networks[name] - slots[name]) * alpha for name in PLAYERS}
    return moved, moved


def simultaneous() -> None:
    """Both players move at once: the generator learns from the discriminator as it was before the step."""


def extragradient() -> None:
    """Both players look ahead, take their slopes there, and move from where they were: a circle winds inward.

    As in algorithm 4 of the paper, the two halves of a step have points of their own, and an optimizer remembers the
    slopes of both.
    """


TECHNIQUES.add(
    StepTechnique(
        "ema",
        "Average of the generator (EMA)",
        ema,
        r"\bar{\theta} \leftarrow \beta \bar{\theta} + (1 - \beta)\, \theta",
        PROGRESSIVE,
        (Number("beta", "Beta", 0.995, 0.0, 0.9999, "How slowly older generators are forgotten.", live=True),),
        slots={"generator": "generator"},
        averaged="generator",
        see="A layer more, Averaged generator: its points move calmly while the others jitter. Beside RpGAN "
        "with R1 and R2 more of them lie inside the modes of the ring of eight.",
        code="with torch.no_grad():\n"
        "    pairs = zip(averaged.parameters(), generator.parameters())\n"
        "    for average, parameter in pairs:\n"
        "        average.lerp_(parameter, 1 - beta)",
        script={
            "begin": "averaged = parameters_to_vector(generator.parameters()).detach()",
            "end": "now = parameters_to_vector(generator.parameters()).detach()\n"
            "averaged = averaged + (now - averaged) * (1 - beta)",
        },
    )
)
TECHNIQUES.add(
    StepTechnique(
        "lookahead",
        "Lookahead",
        lookahead,
        r"\text{every } k \text{ steps: } \quad \phi \leftarrow \phi + \alpha (\theta - \phi),"
        r" \quad \theta \leftarrow \phi, \quad \text{both players}",
        Paper("Chavdarova, Pagliardini, Stich, Fleuret, Jaggi", "Taming GANs with Lookahead-Minmax", 2021),
        (
            Number("k", "Every", 5, 1, 1000, "After so many steps both players go back.", integer=True),
            Number("alpha", "Alpha", 0.5, 0.0, 1.0, "Which part of the way is kept.", live=True),
        ),
        slots={name: name for name in PLAYERS},
        apart={
            "historical_averaging": "it holds both players to the mean of all that they were, which would not know"
            " where going back took them"
        },
        see="Every few steps the generated points jump back a part of their way. With plain SGD at a rate of "
        "0.1, where all points sit in one or two modes of the ring of eight, most modes are then covered.",
        code="if (step + 1) % k == 0:\n"
        "    with torch.no_grad():\n"
        "        for slow, fast in zip(slow_parameters, parameters):  # of both players\n"
        "            slow.lerp_(fast, alpha)\n"
        "            fast.copy_(slow)",
        script={
            "begin": "players = [generator, discriminator]\n"
            "slow = [parameters_to_vector(player.parameters()).detach() for player in players]",
            "end": "if (step + 1) % k == 0:\n"
            "    for i, player in enumerate(players):\n"
            "        fast = parameters_to_vector(player.parameters()).detach()\n"
            "        slow[i] = slow[i] + (fast - slow[i]) * alpha\n"
            "        vector_to_parameters(slow[i].clone(), player.parameters())",
        },
    )
)
TECHNIQUES.add(
    OrderTechnique(
        "simultaneous",
        "Simultaneous updates",
        simultaneous,
        r"\theta_{t+1} = \theta_t - \eta \nabla_{\theta} L_G(\theta_t, \phi_t)"
        r" \quad \text{instead of} \quad L_G(\theta_t, \phi_{t+1})",
        NUMERICS,
        playing="both players learn at once",
        see="In the smallest game, two players without hidden layers, the circle of the generated cloud grows"
        " wider and wider; with updates in turn it keeps its size.",
        code="# Before the discriminator's updates; the generator learns from this one.\n"
        "scoring = copy.deepcopy(discriminator)",
        script={"step": "scoring = copy.deepcopy(discriminator)", "scoring": "scoring"},
    )
)
TECHNIQUES.add(
    OrderTechnique(
        "extragradient",
        "Extragradient",
        extragradient,
        r"\omega' = \omega_t - \eta\, v(\omega_t), \quad \omega_{t+1} = \omega_t - \eta\, v(\omega')"
        r" \quad \text{with} \quad \omega = (\theta, \phi), \; v = (\nabla_\theta L_G, \nabla_\phi L_D)",
        Paper(
            "Gidel, Berard, Vignoud, Vincent, Lacoste-Julien",
            "A Variational Inequality Perspective on Generative Adversarial Networks",
            2019,
        ),
        rounds=2,
        playing="both players look a step ahead, and learn from there",
        apart={"simultaneous": "it lets both players move at once already"},
        see="In the smallest game, two players without hidden layers, the circle of the generated cloud becomes"
        " a spiral that comes to rest. In slow motion each player moves twice in a step: ahead, and then from where it"
        " was.",
        code="saved = [parameter.detach().clone() for parameter in parameters]  # of both\n"
        "for optimizer, loss in zip(optimizers, losses()):  # both, before any moves\n"
        "    optimizer.zero_grad()\n"
        '    loss.backward(inputs=optimizer.param_groups[0]["params"])\n'
        "for optimizer in optimizers:\n"
        "    optimizer.step()  # only to look ahead\n"
        "for optimizer, loss in zip(optimizers, losses()):  # from there\n"
        "    optimizer.zero_grad()\n"
        '    loss.backward(inputs=optimizer.param_groups[0]["params"])\n'
        "with torch.no_grad():\n"
        "    for parameter, before in zip(parameters, saved):\n"
        "        parameter.copy_(before)\n"
        "for optimizer in optimizers:\n"
        "    optimizer.step()  # from where they were",
        script={
            "step": "players = [discriminator, generator]\n"
            "saved = {one: parameters_to_vector(one.parameters()).detach() for one in players}",
            "round": "scoring = copy.deepcopy(discriminator)",
            "functions": "def put_back(player):\n"
            '    """Put a player where it was before it looked ahead."""\n'
            "    vector_to_parameters(saved[player].clone(), player.parameters())",
            "moving": "if turn == 1:\n    put_back(player)",
            "scoring": "scoring",
        },
    )
)
