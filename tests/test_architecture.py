"""The architecture as a test: who may import whom, what each side must not know, and what may stand where.

A new arrow is an edit of a dictionary here, so that it is seen. Each check has a self-test on text that breaks it.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import reading
from tests.tools.reading import ROOT, Import

FACTS = ("server.errors", "server.gan.registry", "server.gan.partners", "server.gan.config")
MODELS = ("server.gan.tensor_file", "server.gan.model_file", "server.gan.ganlab_import")
# A module belongs to the longest name it is, or is in; it may import its own layer and the layers listed.
ARROWS: dict[str, tuple[str, ...]] = {
    "server.errors": (),
    "server.logs": (),
    "server.settings": ("server.errors", "server.logs"),
    "server.tallies": (),
    "server.telemetry": ("server.tallies",),
    # The mathematics. Facts and checks come first, because the web process may know them: they hold no torch.
    "server.gan.registry": ("server.errors",),
    "server.gan.partners": ("server.errors",),
    "server.gan.config": ("server.errors", "server.gan.registry", "server.gan.partners"),
    "server.gan.assignments": ("server.errors", "server.gan.registry"),
    "server.gan.tensor_file": FACTS,
    "server.gan.model_file": (*FACTS, "server.gan.tensor_file"),
    "server.gan.ganlab_import": (*FACTS, "server.gan.model_file", "server.gan.tensor_file"),
    "server.gan.export": FACTS,
    "server.gan": (*FACTS, *MODELS, "server.gan.export"),
    # The conversation, known to both processes.
    "server.protocol": FACTS,
    # The worker process: the only side that trains.
    "server.engine.worker": (
        *FACTS,
        "server.gan",
        "server.logs",
        "server.protocol",
        "server.settings",
        "server.engine",
    ),
    # The web process, each layer knowing the ones before it.
    "server.engine": (*FACTS, "server.gan.model_file", "server.protocol", "server.settings", "server.telemetry"),
    "server.sessions": (
        *FACTS,
        *MODELS,
        "server.logs",
        "server.protocol",
        "server.settings",
        "server.engine",
        "server.telemetry",
    ),
    "server.web": (
        *FACTS,
        *MODELS,
        "server.gan.export",
        "server.logs",
        "server.protocol",
        "server.settings",
        "server.engine",
        "server.sessions",
        "server.telemetry",
    ),
    "server.app": (
        *FACTS,
        "server.protocol",
        "server.settings",
        "server.engine",
        "server.sessions",
        "server.web",
        "server.telemetry",
    ),
    # A command is imported when it is asked for: those that train know the mathematics, serving knows the web.
    "server.commands": (),
    "server.commands.serve": ("server.errors", "server.logs", "server.settings", "server.app", "server.web"),
    "server.commands.configs": (*FACTS, "server.gan.assignments", "server.gan"),
    "server.commands.outcomes": (*FACTS, "server.gan"),
    "server.commands.train": (
        *FACTS,
        *MODELS,
        "server.gan",
        "server.settings",
        "server.commands.configs",
        "server.commands.outcomes",
    ),
    "server.commands.export": (*FACTS, *MODELS, "server.gan", "server.gan.export", "server.commands.configs"),
    "server.commands.import_model": (*FACTS, *MODELS, "server.gan"),
    "server.commands.catalog": (*FACTS, "server.gan"),
    "server.commands.check_lessons": (*FACTS, "server.gan"),
    # Clients of a lab, as they are outside of it: they know the conversation alone.
    "server.load": (*FACTS, "server.protocol"),
    "server.commands.load": (*FACTS, "server.gan.assignments", "server.load"),
    "server.__main__": ("server.errors",),
    "server": (),
}
# Allowed inside a function only: so that `ganlab --help` is quick, and the web process stays free of torch.
LAZY_ARROWS: dict[str, tuple[str, ...]] = {
    "server.__main__": (
        "server.commands.serve",
        "server.commands.train",
        "server.commands.export",
        "server.commands.import_model",
        "server.commands.catalog",
        "server.commands.check_lessons",
        "server.commands.load",
    ),
}

WEB_LIBRARIES = ("fastapi", "starlette", "uvicorn", "websockets", "jinja2")
TORCH_LIBRARIES = ("torch", "scipy", "sklearn", "ot")
FORBIDDEN_LIBRARIES: dict[str, tuple[str, ...]] = {
    "server.gan": ("asyncio", *WEB_LIBRARIES),
    "server.gan.registry": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.gan.partners": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.gan.config": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.gan.assignments": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.gan.tensor_file": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.gan.model_file": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.gan.ganlab_import": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    # Scripts and notebooks are written from templates.
    "server.gan.export": ("asyncio", *(set(WEB_LIBRARIES) - {"jinja2"}), *TORCH_LIBRARIES),
    "server.errors": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.settings": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.logs": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.tallies": ("asyncio", *WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.telemetry": (*WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.protocol": (*WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.engine.worker": WEB_LIBRARIES,
    "server.engine": (*WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.sessions": (*WEB_LIBRARIES, *TORCH_LIBRARIES),
    "server.web": TORCH_LIBRARIES,
    "server.app": TORCH_LIBRARIES,
    "server.commands.serve": TORCH_LIBRARIES,
    "server.commands.configs": WEB_LIBRARIES,
    "server.commands.train": WEB_LIBRARIES,
    "server.commands.export": WEB_LIBRARIES,
    "server.commands.import_model": WEB_LIBRARIES,
    "server.commands.catalog": WEB_LIBRARIES,
    "server.commands.check_lessons": WEB_LIBRARIES,
    "server.load": TORCH_LIBRARIES,
    "server.commands.load": TORCH_LIBRARIES,
    "server.__main__": TORCH_LIBRARIES,
}
# A framework hands on these; they need no line of their own in pyproject.toml.
BROUGHT_BY = {"starlette": "fastapi", "anyio": "fastapi", "click": "typer"}

TOP_LEVEL = {
    *("pyproject.toml", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "Dockerfile"),
    *("server", "static", "templates", "tests"),
}
ONLY_PLACE = {r"\bPlotly\b": "static/js/plots/plotly.js", r"\bnew\s+WebSocket\b": "static/js/socket.js"}
DEVELOPER_PATH = re.compile(r"(?<![\w.~-])(?:/(?:home|Users|root|work|farm|tmp/bash_jobs)/\w|[A-Z]:\\Users\\\w)")
REGISTRY_HOST = re.compile(r"(?:pypi|pythonhosted|npmjs|yarnpkg|docker|ghcr|quay|download\.pytorch)\.(?:org|com|io)\b")


def read_sources(folder: str) -> dict[Path, str]:
    """The Python files below a folder."""
    files = [file for file in reading.list_files() if file.suffix == ".py" and file.is_relative_to(folder)]
    return reading.read_texts(ROOT, files)


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    """Every text file of the repository."""
    return reading.read_texts(ROOT, reading.list_files())


@pytest.fixture(scope="module")
def sources() -> dict[Path, str]:
    """Every Python file of the server."""
    return read_sources("server")


@pytest.fixture(scope="module")
def imports(sources: dict[Path, str]) -> list[Import]:
    """Every import of the server."""
    return reading.read_imports(sources)


@pytest.fixture(scope="module")
def scripts(texts: dict[Path, str]) -> dict[Path, str]:
    """The page's modules."""
    return {path: text for path, text in texts.items() if path.suffix == ".js" and path.is_relative_to("static/js")}


def test_enough_is_read_for_the_checks_to_mean_something(
    texts: dict[Path, str], sources: dict[Path, str], imports: list[Import], scripts: dict[Path, str]
) -> None:
    layers = {reading.find_layer(reading.name_module(path), ARROWS) for path in sources}
    assert layers == set(ARROWS)
    assert len(sources) >= 30
    assert len(imports) >= 150
    assert len(scripts) >= 15
    assert len(texts) >= 100
    assert sum(path.suffix == ".css" for path in texts) >= 3
    assert sum(path.suffix == ".html" for path in texts) >= 2


def test_only_allowed_arrows_are_imported(imports: list[Import]) -> None:
    inside = [one for one in imports if reading.find_layer(one.target, ["server"])]
    assert reading.find_forbidden_arrows(inside, ARROWS, LAZY_ARROWS) == []


def test_no_side_knows_the_libraries_of_the_other(imports: list[Import]) -> None:
    assert reading.find_forbidden_libraries(imports, FORBIDDEN_LIBRARIES, ARROWS, LAZY_ARROWS) == []


def test_modules_do_not_import_each_other_in_a_circle(imports: list[Import]) -> None:
    edges = [(one.importer, one.target) for one in imports if one.at_load and one.target != one.importer]
    assert reading.find_cycle(edges) == []


@pytest.mark.parametrize("module", ["server.app", "server.__main__"])
def test_the_web_process_is_loaded_without_torch(module: str) -> None:
    program = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(run.stdout)
    assert module in loaded
    assert [name for name in loaded if reading.find_layer(name, (*TORCH_LIBRARIES, "server.engine.worker"))] == []


def test_every_imported_library_is_a_declared_dependency(imports: list[Import]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^\w-]", line)[0].lower() for line in project["dependencies"]}
    distributions = importlib.metadata.packages_distributions()
    names = {one.target.partition(".")[0] for one in imports} - set(sys.stdlib_module_names) - {"server", "__future__"}
    owners = {name: distributions.get(name, [name])[0].lower().replace("_", "-") for name in names}
    assert {name for name, owner in owners.items() if BROUGHT_BY.get(name, owner) not in declared} == set()
    assert {"fastapi", "torch", "pydantic"} <= names


def test_nothing_is_loaded_that_could_execute_what_it_reads(sources: dict[Path, str]) -> None:
    assert [place for path, text in sources.items() for place in reading.find_unsafe_loading(path, text)] == []


@pytest.mark.parametrize("pattern", ONLY_PLACE)
def test_one_module_alone_calls_the_plotting_library_and_one_opens_the_socket(
    scripts: dict[Path, str], pattern: str
) -> None:
    users = [path.as_posix() for path, text in scripts.items() if re.search(pattern, reading.blank_strings(text))]
    assert users == [ONLY_PLACE[pattern]]


def test_every_import_of_a_script_names_a_file_as_the_browser_needs_it(texts: dict[Path, str]) -> None:
    scripts = {path: text for path, text in texts.items() if path.suffix == ".js"}
    named = [(path, name) for path, text in scripts.items() for name in reading.read_js_imports(text)]
    relative = [(path, name) for path, name in named if name.startswith(".")]
    assert [(path, name) for path, name in relative if not (ROOT / path.parent / name).is_file()] == []
    assert [(path, name) for path, name in named if path.parts[0] == "static" and not name.startswith(".")] == []
    assert len(relative) >= 15


def test_scripts_do_not_import_each_other_in_a_circle(scripts: dict[Path, str]) -> None:
    edges = [
        (path.as_posix(), (ROOT / path.parent / name).resolve().relative_to(ROOT).as_posix())
        for path, text in scripts.items()
        for name in reading.read_js_imports(text)
        if name.startswith(".")
    ]
    assert reading.find_cycle(edges) == []


def test_literal_colours_stand_in_the_tokens_alone(texts: dict[Path, str]) -> None:
    finders: dict[str, Callable[[str], list[str]]] = {
        ".css": reading.find_style_colours,
        ".js": reading.find_script_colours,
        ".html": reading.find_markup_colours,
    }
    found = {
        path.as_posix(): colours
        for path, text in texts.items()
        if path.parts[0] in ("static", "templates") and path.suffix in finders
        if (colours := finders[path.suffix](text))
    }
    assert list(found) == ["static/css/tokens.css"], found


def test_the_top_level_holds_nothing_else() -> None:
    names = {file.parts[0] for file in reading.list_files()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


@pytest.mark.parametrize("pattern", [DEVELOPER_PATH, REGISTRY_HOST], ids=["developer's path", "registry's host"])
def test_no_file_knows_where_it_was_made(texts: dict[Path, str], pattern: re.Pattern[str]) -> None:
    assert {path.as_posix(): found for path, text in texts.items() if (found := pattern.findall(text))} == {}


# The checks themselves: each finds what it is for, and leaves alone what only looks like it.


def read_one(source: str, path: str = "server/web/pages.py") -> list[Import]:
    """The imports of one module beside a few empty ones."""
    others = (
        "server/gan/losses.py",
        "server/gan/config.py",
        "server/web/guards.py",
        "server/web/__init__.py",
    )
    return reading.read_imports({**{Path(other): "" for other in others}, Path(path): source})


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("import server.gan.losses", "server.gan.losses"),
        ("from server.gan import losses", "server.gan.losses"),
        ("from server.gan.losses import LOSSES", "server.gan.losses"),
        ("from . import guards", "server.web.guards"),
        ("from .guards import check", "server.web.guards"),
        ("from ..gan import losses", "server.gan.losses"),
        ("from .. import gan", "server"),
        ("import torch.nn as nn", "torch.nn"),
    ],
)
def test_an_import_is_resolved_however_it_is_written(source: str, target: str) -> None:
    assert [one.target for one in read_one(source)] == [target]


@pytest.mark.parametrize(
    ("source", "at_load"),
    [
        ("import torch", True),
        ("try:\n    import torch\nexcept ImportError: pass", True),
        ("class A:\n    import torch", True),
        ("def f():\n    if True:\n        import torch", False),
        ("async def f():\n    import torch", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", False),
    ],
)
def test_an_import_at_load_is_told_from_a_later_one(source: str, at_load: bool) -> None:
    assert [one.at_load for one in read_one(source) if one.target == "torch"] == [at_load]


@pytest.mark.parametrize(
    ("path", "source", "num_found"),
    [
        ("server/web/pages.py", "from server.gan.config import RunConfig", 0),
        ("server/web/pages.py", "from server.gan.losses import LOSSES", 1),
        ("server/web/pages.py", "def f():\n    from server.gan.losses import LOSSES", 1),
        ("server/gan/losses.py", "from server.protocol import Play", 1),
        ("server/sessions/one.py", "import server.engine.worker", 1),
        ("server/engine/pool.py", "import server.engine.worker", 1),
        ("server/engine/worker.py", "import server.gan.losses", 0),
        ("server/__main__.py", "import server.commands.train", 1),
        ("server/__main__.py", "def f():\n    import server.commands.train", 0),
        ("server/commands/serve.py", "import server.gan.losses", 1),
        ("elsewhere/new.py", "import server.errors", 1),
    ],
)
def test_a_forbidden_arrow_is_found(path: str, source: str, num_found: int) -> None:
    assert len(reading.find_forbidden_arrows(read_one(source, path), ARROWS, LAZY_ARROWS)) == num_found


@pytest.mark.parametrize(
    ("path", "source", "num_found"),
    [
        ("server/gan/losses.py", "import torch", 0),
        ("server/gan/losses.py", "import asyncio", 1),
        ("server/gan/config.py", "from torch import nn", 1),
        ("server/sessions/one.py", "from fastapi import WebSocket", 1),
        ("server/web/pages.py", "def f():\n    import torch", 1),
        ("server/__main__.py", "def f():\n    import torch", 0),
    ],
)
def test_a_forbidden_library_is_found(path: str, source: str, num_found: int) -> None:
    found = reading.find_forbidden_libraries(read_one(source, path), FORBIDDEN_LIBRARIES, ARROWS, LAZY_ARROWS)
    assert len(found) == num_found


def test_a_circle_is_found_and_a_diamond_is_none() -> None:
    assert reading.find_cycle([("a", "b"), ("b", "c"), ("c", "b")]) == ["b", "c", "b"]
    assert reading.find_cycle([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]) == []


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from pickle import loads", "torch.load(path)", "numpy.load(path, allow_pickle=False)"],
)
def test_loading_that_could_execute_is_found(source: str) -> None:
    assert len(reading.find_unsafe_loading(Path("a.py"), source)) == 1
    assert reading.find_unsafe_loading(Path("a.py"), "safetensors.torch.load(data); 'pickle'") != [source]


def test_a_harmless_load_is_left_alone() -> None:
    assert reading.find_unsafe_loading(Path("a.py"), "import json\njson.load(file)\nnote = 'no pickle here'") == []


def test_words_in_comments_and_strings_are_not_code() -> None:
    script = 'const a = "Plotly"; // Plotly\n/** @type {Plotly} */\nPlotly.react(a);'
    assert [match.start() for match in re.finditer("Plotly", reading.blank_strings(script))] == [
        script.rindex("Plotly")
    ]


def test_imports_of_scripts_are_read_in_every_form() -> None:
    script = 'import a from "./a.js";\nimport {\n  b,\n} from \'./b.js\';\nexport * from "./c.js";\nimport "./d.js";\n'
    script += 'const e = await import("./e.js");\n// import "./f.js"\n'
    assert reading.read_js_imports(script) == [f"./{name}.js" for name in "abcde"]


@pytest.mark.parametrize(
    ("finder", "text", "colours"),
    [
        (reading.find_style_colours, "#fade { color: #fade; }", ["#fade"]),
        (reading.find_style_colours, "a:hover { color: var(--ink); outline: 1px solid red }", ["red"]),
        (reading.find_style_colours, "a { background: rgb(0 0 0 / 50%); & b { fill: HSL } }", ["rgb(0"]),
        (reading.find_style_colours, "a { color: color-mix(in srgb, var(--red-500), transparent 10%); }", []),
        (reading.find_style_colours, "/* #fff */ a { white-space: nowrap; mask: url(#fff) }", []),
        (
            reading.find_script_colours,
            'c.fillStyle = "#a0b1c2"; c.style = "1px solid #abc";',
            ["#a0b1c2", "#abc"],
        ),
        (reading.find_script_colours, "c.fillStyle = `rgba(1, 2, 3, ${a})`;", ["rgba(1"]),
        (reading.find_script_colours, 'find("#faded-list"); // "#abc"\nthis.#abc = 1;', []),
        (reading.find_markup_colours, '<path id="#abc" fill="#abc"><a href="#fed">', ["#abc"]),
    ],
)
def test_literal_colours_are_found(finder: Callable[[str], list[str]], text: str, colours: list[str]) -> None:
    assert finder(text) == colours


@pytest.mark.parametrize("text", ["/" + "home/ada/lab", "open('/" + "Users/ada')", "C:" + r"\Users\ada"])
def test_a_developers_path_is_found(text: str) -> None:
    assert DEVELOPER_PATH.search(text)


@pytest.mark.parametrize("text", ["https://lab.example/home/start", "tests/work/one", "~/work/x"])
def test_an_address_is_not_a_developers_path(text: str) -> None:
    assert not DEVELOPER_PATH.search(text)


def test_a_registrys_host_is_found() -> None:
    assert REGISTRY_HOST.search("https://pypi" + ".org/simple")
