"""The command line: reads the options, then imports the one command that was asked for.

Nothing heavy is imported here, so that `ganlab --help` answers at once and no command pays for another.
"""

import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from server.errors import ConfigError, FileError, LabError

app = typer.Typer(
    name="ganlab",
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A lab that trains small GANs step by step and shows what they look like. Without a command: serve.",
)
GROUP_OPTIONS = ("--help", "--version")

Preset = Annotated[str | None, typer.Option(help="Begin with a preset, by its key.")]
ConfigFile = Annotated[Path | None, typer.Option(help="Begin with a config file (JSON).", dir_okay=False)]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key: --set data.name=ring8. May be repeated."),
]


class Device(StrEnum):
    """Where runs are computed."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"ganlab {find_version()}")
        raise typer.Exit


def find_version() -> str:
    """Give the version that is installed."""
    try:
        return version("ganlab")
    except PackageNotFoundError:
        return "(a checkout that is not installed)"


@app.callback()
def lab(
    shown: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that come before a command."""


@app.command()
def serve(
    host: Annotated[
        str | None,
        typer.Option(help="The address to listen at; 0.0.0.0 opens the lab to the network.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="The port; 0 takes a free one.", min=0, max=65535, show_default="8000, or the next free one"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes train.", min=1, max=256, show_default="one a core")
    ] = None,
    device: Annotated[Device | None, typer.Option(help="Where runs are computed.", show_default="auto")] = None,
    data_dir: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help='The folder in which sessions outlive the lab; "" keeps nothing.',
            show_default="one of your own",
        ),
    ] = None,
    compiled: Annotated[
        bool | None,
        typer.Option(
            "--compile/--no-compile", help="Compile the steps of what plays for a while.", show_default="compile"
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Start the lab and open it in the browser (what `ganlab` does without a command)."""
    from server.commands.serve import serve_lab

    options = {"host": host, "port": port, "workers": workers, "data_dir": data_dir, "compile": compiled}
    serve_lab(browser, device=device and device.value, **options)


@app.command()
def train(
    steps: Annotated[int, typer.Option(help="How many steps to train.", min=0)],
    preset: Preset = None,
    config: ConfigFile = None,
    assignments: Assignments = None,
    seeds: Annotated[
        str | None, typer.Option(help="The seeds to train together: 0-4, or 0,3,7.", show_default="the config's seed")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Save the trained model; for one seed only.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a seed.")] = False,
    compiled: Annotated[
        bool,
        typer.Option(
            "--compiled", help="Compile the step beside the training, and go on with it: quicker, last digits differ."
        ),
    ] = False,
) -> None:
    """Train without a browser: progress on stderr, and on stdout the losses and the metrics of every seed."""
    check_beginning(preset, config)
    from server.commands.train import train_runs

    train_runs(preset, config, assignments or (), steps, seeds, as_json, save, compiled)


@app.command()
def export(
    steps: Annotated[int, typer.Option(help="How many steps the run takes.", min=0)],
    preset: Preset = None,
    config: ConfigFile = None,
    assignments: Assignments = None,
    notebook: Annotated[bool, typer.Option("--notebook", help="Write a Jupyter notebook, not a script.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="The file to write.", dir_okay=False, show_default="stdout")
    ] = None,
) -> None:
    """Write a run as a script of plain PyTorch, which reproduces it without the lab."""
    check_beginning(preset, config)
    from server.commands.export import export_run

    export_run(preset, config, assignments or (), steps, notebook, output)


@app.command("check-lessons")
def check_lessons(
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Presets whose claims to check.", show_default="all that claim something")
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds to train, from 0 on.", min=1, max=64)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a claim.")] = False,
) -> None:
    """Train the presets that teach and check that what they claim happens; exit with 1 where it does not."""
    from server.commands.check_lessons import check_lessons as check

    if not check(lessons or (), seeds, as_json):
        raise typer.Exit(1)


@app.command()
def load(
    url: Annotated[str, typer.Argument(help="Where the lab is open, as it says itself when it starts.")],
    clients: Annotated[int, typer.Option(help="How many clients have a run of their own.", min=1, max=2000)] = 30,
    seconds: Annotated[float, typer.Option(help="How long they go on.", min=1, max=86_400)] = 60.0,
    watchers: Annotated[int, typer.Option(help="How many more watch the first one's run.", min=0, max=2000)] = 0,
    frames: Annotated[float, typer.Option(help="The most frames a second that a client paints.", min=1, max=240)] = 30,
    assignments: Assignments = None,
    seed: Annotated[int, typer.Option(help="Decides who does what when.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Write the figures as one JSON object.")] = False,
) -> None:
    """Try a running lab with many clients that play, step, seek, drop and return; exit with 1 if any of it fails."""
    from server.commands.load import load_lab

    if not load_lab(url, clients, seconds, watchers, frames, assignments or (), seed, as_json):
        raise typer.Exit(1)


@app.command("import")
def import_ganlab(
    file: Annotated[Path, typer.Argument(help="The JSON file that GAN Lab saved; its weights lie beside it.")],
    z: Annotated[str | None, typer.Option(help="Noise to send through the generator: [[0.2, 0.7], ...].")] = None,
    x: Annotated[str | None, typer.Option(help="Points to show the discriminator: [[0.5, 0.5], ...].")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Save it as a model of this lab, which its page can load.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the object in one line.")] = False,
) -> None:
    """Read a model that GAN Lab saved; write its config, and what its networks answer, as one JSON object."""
    from server.commands.import_model import import_model

    import_model(file, z, x, save, as_json)


@app.command()
def catalog(
    as_json: Annotated[bool, typer.Option("--json", help="Write the catalogue as data.")] = False,
) -> None:
    """Show everything that can be chosen: losses, datasets, optimizers, metrics."""
    from server.commands.catalog import show_catalog

    show_catalog(as_json)


def check_beginning(preset: str | None, config: Path | None) -> None:
    """Refuse a run that begins with two things.

    Raises:
        typer.BadParameter: it does.
    """
    if preset is not None and config is not None:
        raise typer.BadParameter("a run begins with --preset or with --config, not with both")


def name_command(arguments: Sequence[str]) -> list[str]:
    """Put `serve` in front where no command is named: `ganlab --port 9000` is `ganlab serve --port 9000`."""
    named = bool(arguments) and (not arguments[0].startswith("-") or arguments[0] in GROUP_OPTIONS)
    return list(arguments) if named else ["serve", *arguments]


def main() -> None:
    """Run the command line; what a user got wrong is one line on stderr, and exit code 2 (bad input) or 1."""
    try:
        app(args=name_command(sys.argv[1:]), prog_name="ganlab")
    except LabError as error:
        typer.echo(f"ganlab: {error}", err=True)
        sys.exit(2 if isinstance(error, ConfigError | FileError) else 1)


if __name__ == "__main__":
    main()
