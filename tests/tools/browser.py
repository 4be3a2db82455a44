"""Finds a Chromium for the tests and the screenshots, and installs one where there is none.

`python -m tests.tools.browser [--install]` prints the path, or one sentence that says what to do.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# The tests never leave this machine, so the browser's own calls home are switched off.
LAUNCH_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
MAC_APPS = ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS_APPS = (
    r"Chromium\Application\chrome.exe",
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)
NONE_FOUND = (
    "no Chromium, Chrome or Edge was found and none could be installed; "
    "install one, or name it: CHROME_PATH=/path/to/chromium make test"
)


def find_browser(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The first browser that exists: CHROME_PATH, then PATH, then the usual places, then Playwright's own."""
    if named := environment.get("CHROME_PATH"):
        return Path(named) if Path(named).is_file() else None
    return next((path for path in list_places(environment) if path.is_file()), None)


def list_places(environment: Mapping[str, str]) -> Iterator[Path]:
    """Every place a browser may stand, in the order of preference."""
    for command in COMMANDS:
        if on_path := shutil.which(command, path=environment.get("PATH", "")):
            yield Path(on_path)
    for app in MAC_APPS:
        for base in (Path("/"), Path(environment.get("HOME", "/"))):
            yield base / "Applications" / f"{app}.app" / "Contents" / "MacOS" / app
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := environment.get(variable):
            yield from (Path(folder, *app.split("\\")) for app in WINDOWS_APPS)
    yield from list_playwright_browsers(environment)


def list_playwright_browsers(environment: Mapping[str, str]) -> Iterator[Path]:
    """What `playwright install chromium` may have put into its cache, newest first."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or "/")
    caches = [
        Path(environment.get("PLAYWRIGHT_BROWSERS_PATH") or home / ".cache" / "ms-playwright"),
        home / "Library" / "Caches" / "ms-playwright",
        Path(environment.get("LOCALAPPDATA") or home) / "ms-playwright",
    ]
    names = ("chrome", "chrome.exe", "Chromium", "Google Chrome for Testing", "chrome-headless-shell")
    for cache in caches:
        for folder in sorted(cache.glob("chromium*"), reverse=True):
            yield from (path for name in names for path in folder.rglob(name) if path.is_file())


def install_browser() -> Path | None:
    """Try Playwright's download, then Debian's packages where we may, with the page's font; the browser, or None."""
    attempts = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "--no-install-recommends"]
        attempts.append([["apt-get", "update"], [*install, "chromium", "fonts-liberation"]])
    for commands in attempts:
        print(f"looking for a browser with: {' '.join(commands[-1])}", file=sys.stderr)
        if all(_succeeds(command) for command in commands) and (found := find_browser()):
            return found
    return None


def _succeeds(command: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def main() -> int:
    """Print the browser's path, or say that there is none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--install", action="store_true", help="install a browser where there is none")
    arguments = parser.parse_args()
    found = find_browser()
    if not found and arguments.install and not os.environ.get("CHROME_PATH"):
        found = install_browser()
    print(
        f"the browser of the tests is {found}" if found else NONE_FOUND,
        file=sys.stdout if found else sys.stderr,
    )
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
