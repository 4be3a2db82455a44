"""What an operator may change: by option, or by an environment variable (`GANLAB_PORT=9000`)."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.logs import LogForm

# An origin as a Content-Security-Policy names it; what could end the directive, or begin another, is none.
FrameAncestor = Annotated[str, StringConstraints(pattern=r"^https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?$")]
Device = Literal["auto", "cpu", "cuda", "mps"]


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def find_cache() -> Path:
    """Give the folder for what the lab can make again: in `XDG_CACHE_HOME`, or in `.cache` at home."""
    return (_read_base("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganlab"


def find_data() -> Path:
    """Give the user's own folder for what the lab cannot make again: in `XDG_DATA_HOME`, or in `.local/share` at home.

    Raises:
        RuntimeError: nobody knows where this user is at home.
    """
    return (_read_base("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ganlab"


def _read_base(variable: str) -> Path | None:
    """Read a folder from the environment; one that is not absolute is none (XDG Base Directory Specification)."""
    base = Path(os.environ.get(variable, ""))
    return base if base.is_absolute() else None


def read_folder(folder: object) -> object:
    """Read an empty text as no folder; anything else is as it is."""
    return None if folder == "" else folder


def split_names(names: object) -> object:
    """Split a text at its commas; anything else is as it is."""
    return tuple(name.strip() for name in names.split(",") if name.strip()) if isinstance(names, str) else names


class Settings(BaseSettings):
    """The settings of one running lab."""

    model_config = SettingsConfigDict(env_prefix="GANLAB_", frozen=True)

    host: str = "127.0.0.1"
    """The address to listen at; `0.0.0.0` opens the lab to the network."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)] = ()
    """Further host names that the lab answers to, with commas between them: `lab.school.example,lab`."""
    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,128}$|^$")] | None = None
    """What a page must show to come in. Where it is not said, a lab that only this machine reaches asks for none, and
    another one makes its own and prints it in its link; an empty one lets everybody in."""
    frame_ancestors: Annotated[tuple[FrameAncestor, ...], NoDecode, BeforeValidator(split_names)] = ()
    """Further origins whose pages may show the lab in a frame, with commas: `https://learn.school.example`."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port; 0 takes a free one."""
    workers: Annotated[int, Field(ge=1, le=256)] | None = None
    """How many processes train; one a core where it is not said."""
    device: Device = "auto"
    """Where the workers compute."""
    compile: bool = True
    """Whether the steps of what plays for a while are compiled in the background, where there is a C++ compiler."""
    data_dir: Annotated[Path | None, BeforeValidator(read_folder)] = None
    """The folder in which sessions are kept, so that they outlive the lab; in none, nothing is. Where nothing is said,
    `ganlab` takes one of the user's own."""
    kept_megabytes: Annotated[int, Field(ge=0, le=1 << 20)] = 1024
    """How much of `data_dir` the sessions may take: those that were open longest ago give way. 0 keeps nothing.
    Where neither this nor a folder is said, `ganlab` takes less."""
    max_sessions: Annotated[int, Field(ge=1)] = 64
    """How many sessions may be open at once; who comes later waits in line."""
    max_waiting: Annotated[int, Field(ge=0)] | None = None
    """How many pages may wait in line for a session, as many as sessions where it is not said; others come later."""
    max_parameters: Annotated[int, Field(ge=1)] = 2_000_000
    """How many numbers the networks of one run may train together."""
    max_batch: Annotated[int, Field(ge=1)] = 4096
    """How many points one update of a run may see."""
    messages_per_second: Annotated[float, Field(gt=0)] = 200.0
    """How much a page may say in the long run; what it says faster is read later."""
    timeline_megabytes: Annotated[int, Field(ge=1, le=1 << 16)] = 32
    """How much memory the snapshots of one session's past may take; beyond it, the oldest are thinned out first."""
    timelines_megabytes: Annotated[int, Field(ge=1, le=1 << 20)] = 256
    """How much those of all sessions may take together: each has its share, and one megabyte in any case."""
    grace_seconds: Annotated[float, Field(ge=0)] = 60.0
    """How long a session without any page waits for one to come back, before it is kept in `data_dir`, or ends."""
    idle_seconds: Annotated[float, Field(gt=0)] = 3600.0
    """After so long without a word from its pages a session's run is paused: a forgotten tab trains for nobody. In a
    full lab its place is then that of a page that waits; the forgotten one waits in line for another."""
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 2.0
    """A worker that is silent for so long, beyond the time that its runs' steps may take, is replaced."""
    frames_per_second: Annotated[float, Field(gt=0, le=240)] = 30.0
    """The most frames a second that are made for one page while its run trains."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """From which level on the log is written, to stderr; `info` has every session's beginning and end."""
    log_form: LogForm = "text"
    """How a line of the log looks: `text` for people, `json` for programs."""
    send_seconds: Annotated[float, Field(gt=0)] = 5.0
    """A page that does not take a message within this time is let go; it may come back."""
