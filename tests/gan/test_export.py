"""Exported runs: a script and a notebook train as the lab does, on their own, and are clean Python; tables are CSV."""

import ast
import csv
import io
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

from server.gan.catalog import REGISTRIES
from server.gan.config import RunConfig, check_config
from server.gan.export.notebook import write_notebook
from server.gan.export.script import Change, write_script
from server.gan.export.tables import write_points_csv, write_scalars_csv
from server.gan.losses import LOSSES, AdversarialLoss, Loss
from server.gan.losses.couplings import CouplingLoss
from server.gan.preset import LESSONS
from server.gan.presets import PRESETS
from server.gan.trainer import Trainer
from tests.tools.reading import ROOT
from tests.tools.runs import catalog, make_config

STEPS = 200
Rows = list[list[float]]
every_preset = pytest.mark.parametrize("preset", PRESETS)

UNIT_KINDS = {"data": "datasets", "latent": "latents", "loss": "losses", "g_optimizer": "optimizers"}
"""Keys of a config and the registries of their units; each case below takes the next unit of every kind."""
MOST_UNITS = max(len(REGISTRIES[kind]) for kind in UNIT_KINDS.values())


def list_unit_cases() -> Iterator[list[str]]:
    """Assignments with every unit of every kind in some case, and networks of other shapes."""
    units = {key: islice(cycle(REGISTRIES[kind]), MOST_UNITS) for key, kind in UNIT_KINDS.items()}
    parts = [islice(cycle(REGISTRIES[kind]), MOST_UNITS) for kind in ("activations", "inits")]
    for number, (activation, init, *names) in enumerate(zip(*parts, *units.values(), strict=True)):
        yield [
            *(f"{key}.name={name}" for key, name in zip(units, names, strict=True)),
            f"generator.activation={activation}",
            f"generator.init={init}",
            f"generator.hidden_layers={number % 4}",
            f"discriminator.width={2 * number + 1}",
            f"latent.dimension={3 * number + 1}",
            f"seed={2**32 - 1 - number}",
            *(() if LOSSES[names[2]].makes_points else ("latent.name=normal", "latent.dimension=2")),
            *(f"{path}={enough}" for path, enough in LOSSES[names[2]].needs.items()),
            *(("data.name=gaussians",) if isinstance(LOSSES[names[2]], CouplingLoss) else ()),
        ]


UNIT_CASES = [*list_unit_cases()]
SHAPES = {
    "one bump": ["data.name=one_bump", "latent.name=mixture", "latent.dimension=1"],
    "no hidden layers": ["generator.hidden_layers=0", "discriminator.hidden_layers=0"],
    "narrow": ["generator.width=1", "discriminator.width=4", "batch_size=1"],
    "an odd batch": ["batch_size=4095", "d_updates=2", "g_updates=3"],
    "a squashed output": ["generator.output=tanh", "data.name=line", "data.units=published"],
    "two ways to begin": ["generator.init=orthogonal", "generator.init_gain=0.8", "discriminator.init=ganlab"],
    "an activation of one network": ["discriminator.activation=sine", "generator.hidden_layers=0"],
    "numbers with many digits": [
        "generator.init_gain=1.2345678901234567",
        "data.std=0.012345678901234567",
        "d_optimizer.learning_rate=0.00012345678901234567",
        "d_optimizer.beta1=0.12345678901234567",
    ],
    "points with many digits": [
        "data.name=points",
        f"data.points={[[1000 + i / 7, -i / 3] for i in range(99)]}",
    ],
    "one player": ["g_updates=0", "d_optimizer.name=sgd"],
    "the other player": ["d_updates=0"],
}
CHANGES = [
    (3, ["d_optimizer.learning_rate=0.01", "loss.name=least_squares"]),
    (5, ["batch_size=50", "d_updates=2"]),
    (8, ["g_optimizer.name=momentum", "loss.name=ganlab_log"]),
    (9, ["d_updates=0", "g_optimizer.momentum=0"]),
    (12, ["d_updates=1", "g_updates=0"]),
    (14, ["g_updates=2", "g_optimizer.momentum=0.5", "loss.name=non_saturating"]),
    (14, ["d_optimizer.name=rmsprop"]),
    (14, ["d_optimizer.name=adam"]),
]


def list_changes(*first: str) -> tuple[RunConfig, list[Change]]:
    """A run's first config and those that follow, each a change of the one before."""
    assignments, changes = list(first), []
    for step, more in CHANGES:
        assignments += more
        changes.append((step, make_config(*assignments)))
    return make_config(*first), changes


def train(trainer: Trainer, steps: int, changes: Sequence[Change] = ()) -> Rows:
    """The losses of the lab: [step, d_loss, g_loss], not a number for a player who made no update."""
    rows = []
    for step in range(steps):
        for _, config in (change for change in changes if change[0] == step):
            trainer.configure(config)
        losses = (torch.tensor(torch.nan) if loss is None else loss for loss in trainer.step())
        rows.append([step + 1, *(loss.item() for loss in losses)])
    return rows


def run_alone(script: str, folder: Path, *options: str) -> Rows:
    """Run a script on its own, in a folder that holds nothing else, and give the losses that it writes."""
    (folder / "run.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-I", "-W", "error", "run.py", "--csv", "losses.csv", *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return read_losses(folder / "losses.csv")


def run_script(script: str, folder: Path, *options: str) -> Rows:
    """Run a script in this process, which has torch already, and give the losses that it writes.

    Raises: AssertionError where it imports what a student without the lab does not have.
    """
    assert not find_strangers(script)
    (folder / "run.py").write_text(script, encoding="utf-8")
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["run.py", "--csv", "losses.csv", *options])
        runpy.run_path("run.py", run_name="__main__")
    return read_losses(folder / "losses.csv")


def find_strangers(script: str) -> set[str]:
    """The modules that a script imports, but for those that it says it needs and those that come with Python."""
    imports = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module or "." if isinstance(node, ast.ImportFrom) else n.name for node in imports for n in node.names}
    return {name for name in names if name.partition(".")[0] not in {"numpy", "torch", *sys.stdlib_module_names}}


def read_losses(path: Path) -> Rows:
    """The rows of a script's table, [step, d_loss, g_loss]."""
    header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    assert header == ["step", "d_loss", "g_loss"]
    return [[float(cell) for cell in row] for row in rows]


def execute(code: str) -> Rows:
    """Execute the cells of a notebook here, and give their losses."""
    there: dict[str, Any] = {}
    exec(code, there)
    rows: Rows = there["rows"]
    return rows


def read_cells(notebook: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]


def agree(rows: Rows, lab: Rows) -> None:
    """Raise unless the losses agree to 1e-4, and are as many."""
    assert len(rows) == len(lab)
    torch.testing.assert_close(torch.tensor(rows), torch.tensor(lab), atol=1e-4, rtol=0, equal_nan=True)


def find_faults(text: str, name: str = "run.py") -> str:
    """What ruff says of a script or a notebook with its own defaults: its format, and its checks."""
    said = ""
    for verb in (["format", "--diff"], ["check"]):
        command = [
            sys.executable,
            "-m",
            "ruff",
            *verb,
            "--isolated",
            "--quiet",
            "--no-cache",
            "--stdin-filename",
            name,
            "-",
        ]
        said += subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout
    return said


@every_preset
def test_a_presets_script_trains_as_the_lab_does(preset: str, tmp_path: Path) -> None:
    """For fewer steps with a lesson: every unit of theirs is exported for many steps elsewhere."""
    config = check_config(PRESETS[preset].config, catalog())
    steps = 50 if PRESETS[preset].group == LESSONS else STEPS
    rows = run_script(write_script(config, 10, catalog()), tmp_path, "--steps", str(steps))
    agree(rows, train(Trainer(config), steps))


def test_a_script_with_an_import_of_the_lab_is_not_taken_for_one_of_its_own() -> None:
    script = write_script(make_config(), 5, catalog())
    assert find_strangers(script + "from server.gan.losses import LOSSES\n") == {"server.gan.losses"}


@every_preset
def test_a_presets_notebook_is_valid_and_trains_as_the_lab_does(preset: str) -> None:
    config = check_config(PRESETS[preset].config, catalog())
    notebook = write_notebook(config, 20, catalog())
    nbformat.validate(json.loads(notebook))
    agree(execute("\n".join(read_cells(notebook))), train(Trainer(config), 20))
    assert find_faults(notebook, "run.ipynb") == ""


def test_a_notebooks_pictures_show_the_losses_and_both_clouds_of_points() -> None:
    cells = read_cells(write_notebook(make_config("data.name=drawing"), 3, catalog()))
    there: dict[str, Any] = {}
    exec("\n".join(cells), there)
    assert [(trace.name, len(trace.y)) for trace in there["figure"].data] == [
        *(("d_loss", 3), ("g_loss", 3), ("real", 500), ("generated", 500)),
    ]
    assert torch.from_numpy(there["x_real"]).abs().max() <= 3


@pytest.mark.parametrize("assignments", UNIT_CASES, ids=lambda case: " ".join(case))
def test_every_unit_is_exported_as_it_trains(assignments: list[str], tmp_path: Path) -> None:
    config = make_config(*assignments)
    script = write_script(config, 40, catalog())
    agree(run_script(script, tmp_path), train(Trainer(config), 40))
    assert find_faults(script) == ""


@pytest.mark.parametrize("assignments", SHAPES.values(), ids=SHAPES)
def test_runs_of_every_shape_are_exported(assignments: list[str], tmp_path: Path) -> None:
    config = make_config(*assignments)
    script = write_script(config, 20, catalog())
    agree(run_script(script, tmp_path), train(Trainer(config), 20))
    assert find_faults(script) == ""


def test_changes_made_while_it_trained_are_made_at_their_steps(tmp_path: Path) -> None:
    config, changes = list_changes("data.name=gaussians", "d_updates=1")
    script = write_script(config, 30, catalog(), changes)
    agree(run_script(script, tmp_path), train(Trainer(config), 30, changes))
    assert find_faults(script) == ""


def test_a_change_at_the_first_step_and_back_is_none() -> None:
    config, other = make_config(), make_config("batch_size=7", "loss.name=minimax")
    plain = write_script(config, 9, catalog())
    assert write_script(other, 9, catalog(), [(0, config)]) == plain
    assert write_script(config, 9, catalog(), [(4, other), (4, config)]) == plain


def test_a_loss_of_pairs_shows_the_generator_real_points_too(tmp_path: Path) -> None:
    def paired(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> AdversarialLoss:
        """The scores of pairs are compared."""
        gap = real_logits - fake_logits
        sides = (lambda: torch.nn.functional.softplus(-gap),), (lambda: torch.nn.functional.softplus(gap),)
        return AdversarialLoss(*sides)

    code = "gap = real_logits - fake_logits\nd_loss = F.softplus(-gap).mean()\ng_loss = F.softplus(gap).mean()"
    unit = Loss("paired", "Paired", paired, d_parts=("",), g_parts=("",), pairs=True, code=code)
    facts = {**catalog(), "losses": [*catalog()["losses"], unit.describe()]}
    trainer = Trainer(make_config())
    trainer.loss = unit
    script = write_script(check_config({"loss": {"name": "paired"}}, facts), 20, facts)
    agree(run_script(script, tmp_path), train(trainer, 20))


def test_nothing_is_in_a_script_that_its_run_does_not_use() -> None:
    script = write_script(make_config("data.name=line", "g_updates=0", "d_optimizer.name=sgd"), 9, catalog())
    assert "class Sgd" in script
    for absent in ("class Adam", "g_optimizer", "g_loss =", "math", "integers", "if step ==", "make_subplots"):
        assert absent not in script.replace("d_loss = g_loss =", ""), absent


def test_an_optimizer_that_was_chosen_for_no_step_is_not_in_the_script() -> None:
    config, changes = list_changes()
    script = write_script(config, 30, catalog(), changes)
    assert re.findall(r"class (\w+):", script) == ["Draws", "Adam", "Momentum"]


def test_every_loss_of_a_run_is_explained() -> None:
    config, changes = list_changes()
    script = write_script(config, 30, catalog(), changes)
    assert re.findall(r"# (Non-sat|Minimax|Least sq|GAN Lab's log)", script) == ["Non-sat", "Least sq", "GAN Lab's log"]


def test_a_script_trains_on_its_own_says_how_to_run_it_and_reads_its_options(tmp_path: Path) -> None:
    config = make_config("generator.width=4", "discriminator.width=4")
    agree(run_alone(write_script(config, 40, catalog()), tmp_path), train(Trainer(config), 40))
    command = [sys.executable, "run.py", "--steps", "6", "--every", "3"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert re.findall(r"^step (\d+)  d_loss \d\.\d{6}  g_loss \d\.\d{6}$", said, re.MULTILINE) == ["3", "6"]


def test_a_run_is_exported_without_torch() -> None:
    program = "import sys, server.gan.export.notebook, server.gan.export.tables; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_scalars_are_a_table_with_empty_cells_where_nothing_is_known() -> None:
    loss = torch.tensor(0.1).item()
    rows: dict[int, dict[str, float | None]] = {7: {"d_loss": loss, "g_loss": None}, 2: {"modes": 8, "d_loss": 1e-12}}
    text = write_scalars_csv(rows)
    assert text.splitlines() == ["step,d_loss,g_loss,modes", "2,1e-12,,8", "7,0.100000001,,"]
    _, read = csv.DictReader(io.StringIO(text))
    assert torch.tensor(float(read["d_loss"])) == torch.tensor(0.1)


def test_points_are_a_table_by_group() -> None:
    text = write_points_csv({"real": [(0.5, -1.0)], "generated": [(1 / 3, 2e9)]})
    assert text.splitlines() == ["group,x,y", "real,0.5,-1", "generated,0.333333333,2e+09"]


def test_a_notebook_says_what_the_letters_of_its_formulas_mean() -> None:
    notebook = json.loads(write_notebook(make_config("data.units=published"), 9, catalog()))
    texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    (training,) = (text for text in texts if text.startswith("## Training"))
    for letters in (
        r"\mathrm{sp}(h) = \ln(1 + e^h)",
        "`F.softplus`",
        "`torch.sigmoid`",
        "$d$ is the discriminator's logit",
    ):
        assert letters in training
    assert not any("lab units" in text for text in texts)
