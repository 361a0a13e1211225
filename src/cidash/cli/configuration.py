"""`cidash config`: where the configuration comes from, what it is, what it may be. Tokens are never printed."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from cidash.cli import session
from cidash.cli.exits import OK
from cidash.cli.parser import Arguments
from cidash.config.load import user_config_path
from cidash.config.model import Config


def path(arguments: Arguments) -> int:
    """Prints the files that the configuration was read from, one on a line, the user's own first."""
    files = session.load_config(arguments).files
    for file in files:
        print(file.absolute())
    if not files:
        print(f"{user_config_path(os.environ)} (not there: the defaults are in force)")
    return OK


def show(arguments: Arguments) -> int:
    """Prints the configuration in force as TOML."""
    config = session.load_config(arguments).config
    print("\n".join(_toml(config.model_dump(mode="json", exclude_none=True))).strip())
    return OK


def schema(_arguments: Arguments) -> int:
    """Prints the JSON schema of the configuration, for editors."""
    print(json.dumps(Config.model_json_schema(), indent=2))
    return OK


def _toml(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yields the lines of a table: its plain values first, then its tables and lists of tables."""
    inner: list[tuple[str, Any]] = []
    for key, value in table.items():
        is_table = isinstance(value, dict) and not _is_source(value)
        if is_table or (isinstance(value, list) and value and isinstance(value[0], dict)):
            inner.append((key, value))
        else:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner:
        name = f"{prefix}.{_key(key)}" if prefix else _key(key)
        for one in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            yield from _toml(one, name)


def _is_source(value: Mapping[str, Any]) -> bool:
    return bool(value) and set(value) <= {"env", "command", "keyring", "value"}


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
