"""Writes the types of all messages for the page: `python -m server.protocol.typescript [--check]`.

They come from the messages' JSON schemas: a client's message may leave out what has a default, a server's never does.
With `--check` nothing is written, and the exit status is 1 if the file is not what would be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from server.protocol import messages

TARGET = Path(__file__).parents[2] / "static" / "js" / "protocol.d.ts"
NAMED_CHOICES = {"Layer": messages.Layer, "State": messages.State, "Player": messages.Player}
PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = Mapping[str, Any]


def write_types() -> str:
    """Give the declarations of all messages."""
    client = TypeAdapter(messages.ClientMessage).json_schema(mode="validation")["$defs"]
    server = TypeAdapter(messages.ServerMessage).json_schema(mode="serialization")["$defs"]
    command = [part.__name__ for part in get_args(messages.Command)]
    parts = [
        "/** The messages between page and server. Written by `python -m server.protocol.typescript`; do not edit. */",
        *(f"export type {name} = {_join_choices(get_args(alias))};" for name, alias in NAMED_CHOICES.items()),
        *(write_interface(name, schema, complete=False) for name, schema in client.items()),
        *(write_interface(name, schema, complete=True) for name, schema in server.items()),
        f"export type Command = {' | '.join(command)};",
        f"export type ClientMessage = {_join_members(messages.ClientMessage)};",
        f"export type ServerMessage = {_join_members(messages.ServerMessage)};",
    ]
    return "\n\n".join(parts) + "\n"


def write_interface(name: str, schema: Schema, complete: bool) -> str:
    """Give one message's declaration, with its docstring; a `complete` one leaves nothing out."""
    required = schema["properties"] if complete else {"type", *schema.get("required", ())}
    lines = [
        f"  {key}{'' if key in required else '?'}: {_write_type(field)};" for key, field in schema["properties"].items()
    ]
    comment = "\n".join(f" * {line}".rstrip() for line in schema["description"].splitlines())
    return "\n".join([f"/**\n{comment}\n */", f"export interface {name} {{", *lines, "}"])


def _write_type(schema: Schema) -> str:
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " | ".join(_write_type(each) for each in schema[choice])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return _name_choices(tuple(schema["enum"]))
    if schema.get("type") == "array":
        return _write_array(schema)
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_write_type(values) if isinstance(values, dict) else 'unknown'}>"
    return PRIMITIVES.get(schema.get("type", ""), "unknown")


def _write_array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_write_type(each) for each in schema['prefixItems'])}]"
    item = _write_type(schema["items"])
    return f"({item})[]" if " " in item else f"{item}[]"


def _name_choices(choices: tuple[Any, ...]) -> str:
    named = {get_args(alias): name for name, alias in NAMED_CHOICES.items()}
    return named.get(choices) or _join_choices(choices)


def _join_choices(choices: tuple[Any, ...]) -> str:
    return " | ".join(json.dumps(choice) for choice in choices)


def _join_members(union: Any) -> str:
    return " | ".join(part.__name__ for part in get_args(get_args(union)[0]))


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` compare it; returns the exit status."""
    wanted = write_types()
    if arguments == ["--check"]:
        if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"{TARGET.name} is not up to date: run python -m server.protocol.typescript", file=sys.stderr)
        return 1
    TARGET.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
