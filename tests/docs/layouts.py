"""Layouts and enums as rows of a page: each name with its type and what its docstring says. Used by the pages made here.

What a field means is written under it, where it is declared; so a page cannot say what the code does not.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from datetime import date, datetime
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime: "instant",
    date: "date",
    dict[str, str]: "text by language",
    list[str]: "list of texts",
    Any: "object",
}


def said(layout: type) -> dict[str, str]:
    """The docstring under each name of a class, of those that have one."""
    [body] = ast.parse(textwrap.dedent(inspect.getsource(layout))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for node, following in zip(body.body, body.body[1:], strict=False):
        if not isinstance(following, ast.Expr) or not isinstance(following.value, ast.Constant):
            continue
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = " ".join(str(following.value.value).split())
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = " ".join(str(following.value.value).split())
    return found


def type_in_words(type_: Any) -> str:
    """A type as a reader of JSON knows it; an enum is told by its name, which has a table."""
    origin = get_origin(type_)
    if origin is Annotated:
        return type_in_words(get_args(type_)[0])
    if origin in (UnionType, Union):
        return " or ".join(type_in_words(one) for one in get_args(type_) if one is not type(None))
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        return "code"
    return WORDS[type_]


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]) + "\n"


def fields(layout: type[msgspec.Struct], codes: dict[str, str]) -> str:
    """The fields of a layout, in their order; `codes` says of a field where its values are listed."""
    says = said(layout)
    rows = []
    for field in msgspec.structs.fields(layout):
        kind = codes.get(field.name) or type_in_words(field.type)
        always = "always" if field.required else ""
        rows.append((f"`{field.encode_name}`", kind, always, says[field.name].removesuffix(".")))
    return table(("field", "type", "there", "means"), rows)


def members(enum: type[StrEnum]) -> str:
    """The values of an enum, each with what it means."""
    says = said(enum)
    return table(("value", "means"), [(f"`{one.value}`", says[one.name].removesuffix(".")) for one in enum])
