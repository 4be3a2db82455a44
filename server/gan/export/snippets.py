"""Small edits of the units' code: what of it is needed, other names in it, the expression that it ends with."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping


def pick_statements(code: str, wanted: str) -> str:
    """Give the statements that `wanted` is computed by, and no others."""
    kept, needed = [], {wanted}
    for statement in reversed(ast.parse(code).body):
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        if needed & {name.id for name in names if isinstance(name.ctx, ast.Store)}:
            needed |= {name.id for name in names}
            kept.append(_cut(code, statement))
    return "\n".join(reversed(kept))


def pick_value(code: str) -> str:
    """Give the expression on the right side of the last assignment."""
    last = ast.parse(code).body[-1]
    assert isinstance(last, ast.Assign), "a unit's code ends with an assignment"
    return _cut(code, last.value)


def pick_setup(code: str) -> str:
    """Give the statements before the last: what its value needs."""
    return "\n".join(_cut(code, statement) for statement in ast.parse(code).body[:-1])


def pick_functions(code: str) -> str:
    """Give the functions that it defines, and no other statement."""
    defined = (statement for statement in ast.parse(code).body if isinstance(statement, ast.FunctionDef))
    return "\n\n\n".join(_cut(code, statement) for statement in defined)


def find_names(code: str) -> set[str]:
    """Give the names that the code reads or writes."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def rename(code: str, names: Mapping[str, str]) -> str:
    """Put other text in place of names; a keyword or an attribute of the same name stays."""
    lines = code.split("\n")
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and node.id in names]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line, end = lines[node.lineno - 1], node.col_offset + len(node.id)
        lines[node.lineno - 1] = line[: node.col_offset] + names[node.id] + line[end:]
    return "\n".join(lines)


def write_ahead(code: str, loss: str) -> str:
    """Put the statements that compute the discriminator's loss, as `loss`, in place of `play` in such lines."""
    played = rename(loss, {"d_loss": "loss"})
    return re.sub(r"^( *)play$", lambda found: textwrap.indent(played, found[1]), code, flags=re.MULTILINE)


def turn_scores(text: str, score: str, other: str) -> str:
    """Put another score, with its sign turned, in place of a score, in code or in LaTeX: two signs cancel."""
    return text.replace(f"-{score}", other).replace(score, f"-{other}")


def replace_calls(code: str, holder: str, write: Callable[[str, list[str]], str]) -> str:
    """Put other text in place of every call `holder.method(...)`: write(method, arguments). None stands in another."""
    lines = code.split("\n")
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr=method) if name == holder:
                assert call.end_lineno == call.lineno, "such a call stands in one line"
                line = lines[call.lineno - 1]
                written = write(method, [_cut(code, argument) for argument in call.args])
                lines[call.lineno - 1] = line[: call.col_offset] + written + line[call.end_col_offset :]
    return "\n".join(lines)


def _cut(code: str, node: ast.stmt | ast.expr) -> str:
    text = ast.get_source_segment(code, node)
    assert text is not None, "a parsed node has its place"
    return text
