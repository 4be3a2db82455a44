"""Logs: one line an event, with the session it is about; for people, or as JSON for programs.

A session's key opens the session, so no log has it: `name_session` gives the name that stands for it there.
"""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Literal

import structlog

LogForm = Literal["text", "json"]
NAME_LENGTH = 8


def configure_logs(level: str, form: LogForm) -> None:
    """Send what this process logs, through `logging`, to stderr: from `level` on, one line each."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.PROCESS]),
    ]
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # The usual formatter also shows every frame's variables: tensors, for seconds, and whatever else is there.
        plain = structlog.dev.plain_traceback
        last.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def name_session(key: str) -> str:
    """Give the name by which the logs call a session: always the same, and of no use to open it."""
    return sha256(key.encode()).hexdigest()[:NAME_LENGTH]


def speak_of(key: str) -> AbstractContextManager[None]:
    """Have every line that is logged meanwhile say which session it is about."""
    return structlog.contextvars.bound_contextvars(session=name_session(key))
