"""Reads the repository as text, for the tests that hold its architecture; nothing here imports what it reads."""

import ast
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

JS_TOKENS = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""",
    re.DOTALL,
)
JS_IMPORT = re.compile(
    r"""(?:^|\n)\s*(?:import|export)\s*(?:[\w$*\s{},]*?\bfrom\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']"""
)
HEX_COLOUR = r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b"
COLOUR_FUNCTION = r"\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*[-.\d]"
COLOUR_NAMES = "black|white|red|green|blue|yellow|orange|purple|gr[ae]y|silver|navy|teal|pink|brown"
COLOUR_NAME = rf"(?<![-\w])(?:{COLOUR_NAMES})(?![-\w])"


@dataclass(frozen=True)
class Import:
    """One import: who, whom, where, and whether it happens when the importing module is loaded."""

    importer: str
    target: str
    line: int
    at_load: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def list_files(root: Path = ROOT) -> list[Path]:
    """Every file that is tracked or would be, relative to the root."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return sorted({Path(name) for name in listed.split("\0") if name and (root / name).is_file()})


def read_texts(root: Path, files: Iterable[Path]) -> dict[Path, str]:
    """The files that are text, by path."""
    texts = {}
    for file in files:
        data = (root / file).read_bytes()
        if b"\0" not in data:
            texts[file] = data.decode("utf-8")
    return texts


def name_module(path: Path) -> str:
    """`server/gan/losses.py` -> `server.gan.losses`; a package has the name of its folder."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_imports(sources: Mapping[Path, str]) -> list[Import]:
    """Every import of Python sources; `from a import b` means `a.b` where that is a module of theirs."""
    modules = {name_module(path) for path in sources}
    return [
        Import(name_module(path), target, node.lineno, at_load)
        for path, text in sources.items()
        for node, at_load in walk_imports(ast.parse(text, str(path)))
        for target in resolve_targets(node, path, modules)
    ]


def walk_imports(tree: ast.AST, at_load: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The import statements below a node; those in functions and for type checkers only are not made at load."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, at_load
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from walk_imports(node, at_load=False)
        else:
            in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk_imports(node, at_load and not in_function)


def resolve_targets(node: ast.Import | ast.ImportFrom, path: Path, modules: set[str]) -> list[str]:
    """The modules that one statement names, relative ones made absolute."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    package = list(path.with_suffix("").parts[:-1])
    above = package[: len(package) - node.level + 1] if node.level else []
    base = ".".join([*above, node.module] if node.module else above)
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base for alias in node.names]


def find_layer(module: str, layers: Iterable[str]) -> str | None:
    """The longest layer that the module is, or is in."""
    fitting = [layer for layer in layers if module == layer or module.startswith(f"{layer}.")]
    return max(fitting, key=len, default=None)


def find_forbidden_arrows(
    imports: Iterable[Import], arrows: Mapping[str, Iterable[str]], lazy_arrows: Mapping[str, Iterable[str]]
) -> list[str]:
    """Imports inside the package that no arrow allows; a lazy arrow allows an import that is not made at load."""
    found = []
    for one in imports:
        source, target = find_layer(one.importer, arrows), find_layer(one.target, arrows)
        if source is None or target is None:
            found.append(f"{one}: {one.importer if source is None else one.target} is in no layer")
        else:
            known = (source, *arrows[source], *(() if one.at_load else lazy_arrows.get(source, ())))
            if target not in known:
                found.append(f"{one}: {source} may not know {target}")
    return found


def find_forbidden_libraries(
    imports: Iterable[Import],
    forbidden: Mapping[str, Iterable[str]],
    arrows: Iterable[str],
    allow_lazy: Collection[str | None],
) -> list[str]:
    """Imports of libraries that the importer's layer must not know."""
    found = []
    layers = list(arrows)
    for one in imports:
        layer = find_layer(one.importer, layers)
        excused = layer in allow_lazy and not one.at_load
        if not excused and find_layer(one.target, forbidden.get(layer or "", ())):
            found.append(f"{one}: {layer} must not know it")
    return found


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """One cycle of a directed graph as a list whose ends are equal, or nothing."""
    after: dict[str, set[str]] = {}
    for source, target in edges:
        after.setdefault(source, set()).add(target)
    finished: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in finished:
            return []
        path.append(node)
        cycle = next((found for target in sorted(after.get(node, ())) if (found := visit(target))), [])
        path.pop()
        finished.add(node)
        return cycle

    return next((cycle for node in sorted(after) if (cycle := visit(node))), [])


def find_unsafe_loading(path: Path, text: str) -> list[str]:
    """Places that could execute what they read: pickle and its relatives, `torch.load`, `allow_pickle`."""
    found = []
    for node in ast.walk(ast.parse(text)):
        words = ""
        if isinstance(node, ast.Import | ast.ImportFrom):
            words = " ".join([alias.name for alias in node.names] + [getattr(node, "module", None) or ""])
        elif isinstance(node, ast.Call):
            words = ast.unparse(node.func) + " ".join(f" {keyword.arg}" for keyword in node.keywords)
        if re.search(r"\b(?:c?pickle|cloudpickle|dill|marshal|shelve|joblib|torch\.load|allow_pickle)\b", words):
            found.append(f"{path}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)[:80]}")
    return found


def blank_comments(script: str) -> str:
    """A script with its comments blanked, so that lines keep their numbers."""

    def blank(token: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", token[0]) if token["comment"] else token[0]

    return JS_TOKENS.sub(blank, script)


def blank_strings(script: str) -> str:
    """A script with its comments and the inside of its strings blanked."""
    return JS_TOKENS.sub(lambda token: re.sub(r"[^\n]", " ", token[0]), script)


def read_js_imports(script: str) -> list[str]:
    """What a module imports or re-exports from, as it is written."""
    return [static or dynamic for static, dynamic in JS_IMPORT.findall(blank_comments(script))]


def find_script_colours(script: str) -> list[str]:
    """Literal colours in the strings of a script."""
    strings = [token["string"] for token in JS_TOKENS.finditer(script) if token["string"]]
    pattern = re.compile(rf"(?<=[\"'` ]){HEX_COLOUR}(?=[\"'` ;,])|{COLOUR_FUNCTION}")
    return [colour for string in strings for colour in pattern.findall(string)]


def find_style_colours(style: str) -> list[str]:
    """Literal colours in the values of a style sheet's declarations; selectors may look like colours."""
    pieces = re.split(r"([;{}])", re.sub(r"/\*.*?\*/", " ", style, flags=re.DOTALL))
    values = [
        text.partition(":")[2]
        for text, end in zip(pieces[::2], [*pieces[1::2], ""], strict=False)
        if end != "{" and ":" in text
    ]
    pattern = re.compile(f"{HEX_COLOUR}|{COLOUR_FUNCTION}|{COLOUR_NAME}")
    return [colour for value in values for colour in pattern.findall(re.sub(r"url\([^)]*\)|\"[^\"]*\"", "", value))]


def find_markup_colours(markup: str) -> list[str]:
    """Literal colours in the attributes and style elements of a template."""
    attributes = " ".join(re.findall(r"\b(?:style|fill|stroke|content|bgcolor|color)\s*=\s*\"([^\"]*)\"", markup))
    inside = " ".join(re.findall(r"<style\b[^>]*>(.*?)</style>", markup, re.DOTALL))
    return re.findall(f"{HEX_COLOUR}|{COLOUR_FUNCTION}", attributes) + find_style_colours(inside)
