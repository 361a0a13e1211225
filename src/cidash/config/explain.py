"""From a validation error to one sentence: the file, the line, the dotted key, the nearest known key, what to do."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|$)""")
_ASSIGNMENT = re.compile(r"""\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_.\s-])+?)\s*=""")
_WORDS = {
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
_SOURCE_FORM = 'must be { env = "NAME" }, { command = ["program", "argument"] } or { keyring = "service" }'


def first_problem(error: ValidationError, data: Mapping[str, Any], model: type[BaseModel]) -> tuple[Path, str]:
    """Returns the path of the key at fault and what is wrong with it; unknown keys come before all else.

    The sentence never repeats a value of the file.
    """
    details = error.errors(include_input=False, include_url=False)
    detail = min(details, key=lambda one: one["type"] != "extra_forbidden")
    path = _real_path(detail["loc"], data)
    if detail["type"] == "extra_forbidden":
        near = nearest_key(path, model)
        return path, "is not a known key" + (f". Did you mean {near}?" if near else "")
    if detail["type"] == "missing":
        return path, "is missing"
    if path and path[-1] in {"token", "email"} and detail["type"] in {"model_type", "model_attributes_type"}:
        return path, _SOURCE_FORM
    if detail["type"] == "value_error":
        return path, str(detail["ctx"]["error"])
    return path, _WORDS.get(detail["type"]) or detail["msg"].removeprefix("Input ")


def dotted(path: Path) -> str:
    """Returns the path as `repositories[0].name`; a part that is no bare key is quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part[:60]}"')
    return text


def known_keys(model: type[BaseModel]) -> list[str]:
    """Returns every dotted key that the model knows; `[]` stands for a list's entries, `*` for names of one's own."""
    schema = model.model_json_schema()
    return list(dict.fromkeys(_walk(schema, schema.get("$defs", {}), "")))


def nearest_key(path: Path, model: type[BaseModel]) -> str | None:
    """Returns the known key that an unknown one was probably meant to be, or None."""
    own_name = 1 if path[0] in {"hosts", "keys"} and len(path) > 2 else None
    general = "".join(
        "[]" if isinstance(part, int) else ".*" if place == own_name else f".{part}" for place, part in enumerate(path)
    )
    folder, _, name = general[1:].rpartition(".")
    known = known_keys(model)
    here = {key.rpartition(".")[2]: key for key in known if key.rpartition(".")[0] == folder}
    for near in difflib.get_close_matches(name, here, n=1, cutoff=0.6):
        return dotted((*path[:-1], near))
    elsewhere = [key for key in known if key.rpartition(".")[2] == name and "*" not in key]
    return elsewhere[0] if elsewhere else None


def line_of(text: str, path: Path) -> int | None:
    """Returns the line (from 1) where a search through the text finds the key, or the nearest thing above it."""
    best, line = 0, None
    for number, place in _places(text):
        shared = min(len(place), len(path))
        if shared > best and place[:shared] == path[:shared]:
            best, line = shared, number
    return line


def _places(text: str) -> Iterator[tuple[int, Path]]:
    """Yields every table header and key with its full path; a simple reader, good enough to point at a line."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.fullmatch(line.rstrip("\r")):
            names = _names(header[2])
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
            table = tuple(_counted(names, counts))
            yield number, table
        elif assignment := _ASSIGNMENT.match(line):
            yield number, table + _names(assignment[1])


def _counted(names: Path, counts: Mapping[Path, int]) -> Iterator[str | int]:
    for end, name in enumerate(names, start=1):
        yield name
        if names[:end] in counts:
            yield counts[names[:end]]


def _names(written: str) -> Path:
    parts: list[str] = []
    position = 0
    while match := _PART.match(written, position):
        parts.append(next((group for group in match.groups()[:3] if group is not None), ""))
        position = match.end()
        if match[4] != ".":
            break
    return tuple(parts)


def _real_path(location: Sequence[str | int], data: Any) -> Path:
    """Drops what pydantic adds to the location (union tags): only keys that the file has, or a last one it lacks."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        is_last = position == len(location) - 1
        if isinstance(data, Mapping) and (part in data or (is_last and part not in {"text", "source"})):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _walk(schema: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _walk(choice, definitions, prefix)
    for name, inner in schema.get("properties", {}).items():
        key = f"{prefix}.{name}" if prefix else name
        yield key
        yield from _walk(inner, definitions, key)
    if isinstance(schema.get("items"), dict):
        yield from _walk(schema["items"], definitions, f"{prefix}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _walk(schema["additionalProperties"], definitions, f"{prefix}.*")
