"""`cidash controls --path DIR`: the hardening controls, judged by the files of a local checkout."""

from pathlib import Path

from cidash.analysis.controls.judge import files_exit_status, judge_files
from cidash.cli.console import Console
from cidash.cli.exits import OK, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.words import DIM, GREEN, RED, Word
from cidash.domain.clock import SystemClock
from cidash.domain.control import Control, ControlSettings, ControlVerdict
from cidash.engine.checkout import CheckoutError, read_checkout

VERDICTS = {
    ControlVerdict.PASS: Word("✓", "pass", GREEN),
    ControlVerdict.FAIL: Word("✗", "fail", RED),
    ControlVerdict.UNKNOWN: Word("?", "unknown", DIM),
    ControlVerdict.NOT_APPLICABLE: Word("·", "not applicable", DIM),
}
_HOLDS = {True: "yes", False: "no", None: "unread"}


def controls(arguments: Arguments) -> int:
    """Prints the controls; with `--exit-status`: 1 if a declared item does not hold, 2 if one could not be read.

    Raises:
        UsageError: no folder was named, or there is none of that name.
    """
    if arguments.path is None:
        raise UsageError("Name a checkout with --path DIR: controls are read from files only, so far.")
    try:
        facts = read_checkout(Path(arguments.path).expanduser())
    except CheckoutError as error:
        raise UsageError(str(error)) from None
    judged = judge_files(facts, ControlSettings())
    if arguments.json:
        from cidash.cli.encode import dumps, envelope

        print(dumps({**envelope(SystemClock().now()), "controls": [_as_json(one) for one in judged]}))
    elif arguments.markdown:
        print(_as_markdown(judged))
    else:
        _print(judged, Console())
    return files_exit_status(judged) if arguments.exit_status else OK


def _as_json(control: Control) -> dict[str, object]:
    return {
        "id": control.id,
        "title": control.title,
        "ticket": control.ticket,
        "verdict": control.verdict.value,
        "reason": control.reason,
        "evidence": [
            {"kind": one.kind.value, "holds": one.holds, "text": one.text, "url": one.url, "source": one.source}
            for one in control.evidence
        ],
    }


def _as_markdown(judged: tuple[Control, ...]) -> str:
    rows = ["| control | verdict | why |", "|---|---|---|"]
    for one in judged:
        cells = (f"{one.id} {one.title}", one.verdict.value, one.reason)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _print(judged: tuple[Control, ...], console: Console) -> None:
    for control in judged:
        look = VERDICTS[control.verdict]
        console.entry(look, control.id, control.title)
        for one in control.evidence:
            console.line(f"      {one.kind.value}: {_HOLDS[one.holds]}: {one.text}")
    console.line()
