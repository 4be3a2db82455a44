"""Formulas with numbers in place of their symbols say what the symbols say."""

import pytest
import torch
from latex2mathml.converter import convert

from server.gan.activations import ACTIVATIONS
from server.gan.inspection.formulas import describe_activation
from server.gan.losses import LOSSES
from server.gan.optimizers import OPTIMIZERS, Optimizer
from server.gan.worked import write_number, write_numbers, write_symbols, write_vector
from tests.tools.latex import evaluate_latex
from tests.tools.runs import GAMES


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.6931471, "0.6931"),
        (-123.456789, "-123.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (2.5e-05, r"2.5 \times 10^{-5}"),
        (9.999999e-4, r"0.001"),
        (1234567.0, r"1.235 \times 10^{6}"),
        (0.99987, "0.99987"),
        (10, "10"),
        (123456, "123456"),
        (float("inf"), r"\infty"),
        (float("-inf"), r"-\infty"),
        (float("nan"), r"\text{not a number}"),
    ],
)
def test_a_number_is_written_shortly(value: float, written: str) -> None:
    assert write_number(value) == written
    assert "merror" not in convert(written)


def test_a_negative_number_is_bracketed_where_its_sign_would_be_read_otherwise() -> None:
    numbers = {"a": -2.0, "b": -3.0}
    assert write_numbers(r"<a> \cdot <b> + <a>^2", numbers) == r"-2 \cdot (-3) + (-2)^2"
    assert write_numbers(r"\frac{<a>}{<b>} - <a>", numbers) == r"\frac{-2}{-3} - (-2)"


def test_a_power_of_ten_is_bracketed_before_it_is_raised() -> None:
    assert write_numbers("<a>^2", {"a": 1.5e-7}) == r"(1.5 \times 10^{-7})^2"


def test_a_long_vector_is_cut_short() -> None:
    assert write_vector([1.0, -0.5]) == r"(1,\; -0.5)"
    assert write_vector([1.0] * 9) == r"(1,\; 1,\; 1,\; 1,\; \ldots)"


def move_once(optimizer: Optimizer) -> dict[str, float]:
    """Let an optimizer move one weight, and give all that its lines know of it."""
    values = {p.key: float(p.default) for p in optimizer.parameters}  # type: ignore[arg-type]  # all are numbers
    slots = {name: torch.tensor([0.03 * (i + 1)], dtype=torch.float64) for i, name in enumerate(optimizer.slots)}
    gradient = torch.tensor([-0.7], dtype=torch.float64)
    change, after = optimizer(gradient, slots, 3, **values)
    numbers = {**values, "t": 3, "epsilon": optimizer.epsilon, "gradient": -0.7, "change": change.item()}
    for name in slots:
        numbers |= {f"{name}_before": slots[name].item(), name: after[name].item()}
    for line in optimizer.lines:
        if line.value is not None:
            numbers[line.result] = line.value(numbers)
    return numbers


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_the_lines_of_an_optimizer_are_its_arithmetic(key: str) -> None:
    optimizer = OPTIMIZERS[key]
    numbers = move_once(optimizer)
    told = {line.result: evaluate_latex(write_numbers(line.template, numbers, digits=14)) for line in optimizer.lines}
    assert told == pytest.approx({name: numbers[name] for name in told}, rel=1e-9)
    assert set(told) >= {*optimizer.slots, "change"}


@pytest.mark.parametrize("key", list(OPTIMIZERS))
def test_every_quantity_of_an_optimizers_lines_has_a_symbol(key: str) -> None:
    optimizer = OPTIMIZERS[key]
    common = {"gradient": "g", "learning_rate": r"\eta", "epsilon": r"\epsilon", "t": "t", "change": r"\Delta\theta"}
    for line in optimizer.lines:
        assert "<" not in write_symbols(line.template, {**common, **optimizer.symbols})


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("key", GAMES)
def test_the_parts_of_a_loss_are_what_it_computes(key: str, row: int) -> None:
    real, fake = torch.tensor([[1.3, -2.0, 0.1], [-0.4, 0.7, -2.1]], dtype=torch.float64)
    numbers = {"real_logit": real[row].item(), "fake_logit": fake[row].item()}
    numbers |= {"mean_real_logit": real.mean().item(), "mean_fake_logit": fake.mean().item()}
    loss = LOSSES[key](real, fake)
    sides = [(LOSSES[key].d_parts, loss.discriminator_parts), (LOSSES[key].g_parts, loss.generator_parts)]
    for templates, parts in sides:
        told = [evaluate_latex(write_numbers(template, numbers, digits=14)) for template in templates]
        assert told == pytest.approx([part[row].item() for part in parts], rel=1e-9, abs=1e-12)
    torch.testing.assert_close(sum(loss.discriminator_parts), loss.discriminator)
    torch.testing.assert_close(sum(loss.generator_parts), loss.generator)


@pytest.mark.parametrize("h", [-1.3, 0.4])
@pytest.mark.parametrize("key", [key for key in ACTIVATIONS if "cases" not in ACTIVATIONS[key].formula])
def test_the_formula_of_an_activation_is_what_it_computes(key: str, h: float) -> None:
    line = describe_activation(ACTIVATIONS[key])
    made = ACTIVATIONS[key](torch.tensor(h, dtype=torch.float64)).item()
    assert evaluate_latex(write_numbers(line.template, {"sum": h}, digits=14)) == pytest.approx(made, rel=1e-9)
