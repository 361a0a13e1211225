"""The entry point: parses, hands over to one command, and turns every way of failing into one sentence and a code."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from cidash.cli.exits import INTERNAL, INTERRUPTED, OK, REFUSED, USAGE, UsageError
from cidash.cli.parser import Arguments, parser
from cidash.config.error import ConfigError
from cidash.domain.problem import SourceError
from cidash.domain.text import clean


def run() -> NoReturn:
    """Runs the program with the arguments of this process and ends it."""
    gc.disable()  # nothing that importing makes is garbage, and looking for some costs a quarter of the start
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Runs one command and returns the exit code."""
    _write_whatever_fits()
    try:
        arguments = parser().parse_args(argv, namespace=Arguments())
        module, _, function = arguments.handler.partition(":")
        return int(_imported(module, function)(arguments))
    except SystemExit as exit_:  # argparse: --help, --version, and errors that it has told
        return exit_.code if isinstance(exit_.code, int) else OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return OK
    except Exception as error:
        sentence, code = _sentence(error)
        if code == INTERNAL and os.environ.get("CIDASH_DEBUG"):
            raise
        print(f"cidash: {clean(sentence, 1500)}", file=sys.stderr)
        return code


def _imported(module: str, function: str) -> Callable[[Arguments], int]:
    """Returns a command's function. `run` has the search for garbage switched off until everything is imported."""
    handler: Callable[[Arguments], int] = getattr(import_module(f"cidash.cli.{module}"), function)
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    return handler


def _sentence(error: Exception) -> tuple[str, int]:
    """Returns what to say about an error, and the exit code. An unexpected one is not quoted: it may hold anything."""
    from cidash.history.error import HistoryError

    if isinstance(error, ConfigError | UsageError | HistoryError):
        return str(error), USAGE
    if isinstance(error, SourceError):
        return error.problem.sentence, REFUSED
    return f"internal error ({type(error).__name__}). Run with CIDASH_DEBUG=1 for the traceback.", INTERNAL


def _write_whatever_fits() -> None:
    """Lets an output that knows no Unicode print a question mark instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _forget_stdout() -> None:
    """Points stdout at nothing, so that the interpreter does not complain about the pipe when it ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
