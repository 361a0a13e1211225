"""`cidash completion`: a script for the shell that completes commands and options."""

import sys
from typing import Any, cast

from cidash.cli.exits import OK, UsageError
from cidash.cli.parser import Arguments, parser


def completion(arguments: Arguments) -> int:
    """Prints the script for the shell.

    Raises:
        UsageError: the shell is not one of bash, zsh and fish.
    """
    shell = str(getattr(arguments, "shell", ""))
    if shell == "fish":
        sys.stdout.write(_fish())
    elif shell in {"bash", "zsh"}:
        import shtab

        sys.stdout.write(shtab.complete(cast("Any", parser()), shell=shell))
    else:
        raise UsageError("Which shell? bash, zsh or fish.")
    return OK


def _fish() -> str:
    """Shtab has no fish; the grammar is read from the parser all the same."""
    lines = ["complete -c cidash -f"]
    _add_fish(lines, cast("Any", parser()), ())
    return "\n".join(lines) + "\n"


def _add_fish(lines: list[str], one: Any, path: tuple[str, ...]) -> None:
    seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in path)
    nested = {name: child for action in one._actions for name, child in _children(action).items()}  # noqa: SLF001 - argparse has no other way
    here = seen or "__fish_use_subcommand"
    if path and nested:
        here = f"{seen}; and not __fish_seen_subcommand_from {' '.join(nested)}"
    for action in one._actions:  # noqa: SLF001
        for option in action.option_strings:
            flag = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            lines.append(f"complete -c cidash -n {_quoted(seen or 'true')} {flag} -d {_quoted(action.help or '')}")
        helps = {choice.dest: choice.help for choice in getattr(action, "_choices_actions", ())}
        for name, child in _children(action).items():
            lines.append(
                f"complete -c cidash -n {_quoted(here)} -a {_quoted(name)} -d {_quoted(helps.get(name) or '')}"
            )
            _add_fish(lines, child, (*path, name))


def _children(action: Any) -> dict[str, Any]:
    choices = getattr(action, "choices", None)
    return choices if isinstance(choices, dict) else {}


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("%%", "%") + "'"
