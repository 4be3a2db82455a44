"""What regularizers cost and what they do to a weight, as the phases of a step tell it."""

import json
from collections.abc import Iterator

import pytest
from latex2mathml.converter import convert

from server.gan.inspection import PhaseInspection
from server.gan.inspection.moments import describe_tensor
from server.gan.phases import Phase
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from tests.gan.test_inspection_phases import FORWARD, check_numbers, near, walk
from tests.tools.latex import evaluate_latex

ADDED = [unit.key for unit in REGULARIZERS.values() if not unit.projects]


def walk_regularized(*keys: str) -> Iterator[tuple[Phase, RunState, RunState, PhaseInspection]]:
    """Walk a step of a run with these regularizers, and the loss that all of them go with."""
    units = json.dumps([{"name": key} for key in keys])
    return walk(f"regularizers={units}")


@pytest.mark.parametrize("key", ADDED)
def test_a_penalty_is_told_with_its_mean_and_the_loss_is_the_sum_of_the_game_and_it(key: str) -> None:
    turns = 0
    for phase, _, _, told in walk_regularized(key):
        if told["name"] != "loss" or told["player"] not in REGULARIZERS[key].players:
            continue
        turns += 1
        numbers, unit = told["numbers"], REGULARIZERS[key]
        penalty, game = phase.known[f"{key}_penalty"].double().mean(), phase.known["per_example"].double().mean()
        check_numbers(
            told, {f"{key}_penalty": penalty, "game": game, "loss": phase.known[f"{phase.player[0]}_loss"]}, FORWARD
        )
        assert [shown["what"] for shown in told["tensors"]][1] == f"what each example costs by {unit.label}"
        whole = told["formula"][-1]
        assert whole["latex"].startswith(rf"L_{phase.player[0].upper()} = L_{{\text{{game}}}} + P_")
        assert numbers["loss"] == near(game.item() + penalty.item(), FORWARD)
        assert told["formula"][-2]["latex"].endswith(unit.formula)
        assert told["formula"][-2]["meaning"] == unit.help
    assert turns == sum({"discriminator": 2, "generator": 1}[player] for player in REGULARIZERS[key].players)


def test_several_penalties_are_added_up() -> None:
    told = [
        one for _, _, _, one in walk_regularized(*ADDED) if (one["name"], one["player"]) == ("loss", "discriminator")
    ]
    numbers = told[-1]["numbers"]
    paid = [key for key in ADDED if "discriminator" in REGULARIZERS[key].players]
    parts = [numbers[name] or 0.0 for name in ("game", *(f"{key}_penalty" for key in paid))]
    assert numbers["loss"] == near(sum(parts), FORWARD)
    assert r"P_{\text" not in "".join(formula["latex"] for formula in told[0]["formula"][:2])


@pytest.mark.parametrize("key", REGULARIZERS)
def test_what_is_told_of_a_regularized_run_is_plain_and_adds_up(key: str) -> None:
    for _, _, _, told in walk_regularized(key):
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        for formula in told["formula"]:
            for latex in (formula["latex"], formula["latex_numbers"]):
                assert "<" not in latex
                assert "merror" not in convert(latex)
            parts = formula["latex_numbers"].split(" = ")
            if len(parts) == 3 and r"\;" not in parts[1]:
                assert evaluate_latex(parts[1]) == pytest.approx(evaluate_latex(parts[2]), rel=5e-3, abs=1e-4)


def test_a_weight_that_is_cut_off_is_told_so() -> None:
    cut = 0
    for phase, before, after, told in walk('regularizers=[{"name": "weight_clipping", "bound": 0.01}]', steps=0):
        if told["name"] != "update":
            continue
        last = told["formula"][-1]["latex"]
        assert ((r"\min(\max(" in last) and ("'_t" in last)) == ("moved" in told["numbers"])
        place = int(phase.known["change"].abs().argmax())
        moved = (before.tensors[phase.player] + phase.known["change"])[place].item()
        assert ("moved" in told["numbers"]) == (moved != after.tensors[phase.player][place].item())
        if phase.player == "discriminator" and "moved" in told["numbers"]:
            cut += 1
            assert told["numbers"]["moved"] == moved
            assert abs(told["numbers"]["weight"] or 0.0) == near(0.01, FORWARD)
    assert cut >= 1


def test_a_tensor_that_nobody_has_described_is_called_by_its_name() -> None:
    assert describe_tensor("some_tensor") == ("some tensor", "")
