"""`cidash ticket new`: one ticket in the epic, or those of a guide that the epic lacks. Safe to repeat for a guide."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cidash.analysis.duration_words import seconds_in
from cidash.analysis.guide import GuideTicket, epic_of, read_guide
from cidash.analysis.guide_match import GuideMatch, match_guide
from cidash.analysis.new_ticket import CannotCreateError, fitted, from_guide, missing_fields, pick_type
from cidash.cli import loop, session
from cidash.cli.confirm import check_allowed, tell
from cidash.cli.console import Cell, Console, ask, warn
from cidash.cli.exits import OK, REFUSED, UNKNOWN, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.ticket import field_values, pair
from cidash.cli.ticket_outcome import action_document, carry_out_ticket, code_of, print_document
from cidash.cli.ticket_talk import desk_of, given_text
from cidash.config.model import Config
from cidash.domain.command import Action
from cidash.domain.epic import Status, StatusCategory, Ticket, TicketType, Transition
from cidash.domain.format import seconds_text
from cidash.domain.text import clean
from cidash.domain.ticket_command import CreateTicket
from cidash.engine.desk import Desk

if TYPE_CHECKING:
    from cidash.engine.engine import Engine

_GUIDE_LIMIT = 2 * 1024 * 1024
_NOWHERE = Status("", "", StatusCategory.UNDEFINED)


def new(arguments: Arguments) -> int:
    """Creates one ticket, or the missing tickets of a guide."""
    guide = None
    if arguments.from_guide is not None:
        if arguments.summary is not None or arguments.description is not None or arguments.estimate is not None:
            raise UsageError("With --from-guide the guide says summary, description and estimate.")
        guide = guide_file(arguments.from_guide)
    elif not (arguments.summary or "").strip():
        raise UsageError("A new ticket needs a summary, or --from-guide FILE.")
    loaded = session.load_config(arguments)
    if not arguments.dry_run:
        check_allowed(arguments, loaded.config)
    if guide is None:
        return loop.run(_one(arguments, loaded.config))
    return loop.run(_of_guide(arguments, loaded.config, *guide))


def guide_file(path: str) -> tuple[tuple[GuideTicket, ...], str | None]:
    """Returns the tickets of a guide and the epic that it names; bytes that are no UTF-8 do no harm.

    Raises:
        UsageError: the file can't be read, or has no heading with a ticket.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            text = file.read(_GUIDE_LIMIT).decode(errors="replace")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from None
    tickets = read_guide(text)
    if not tickets:
        raise UsageError(f"{path} has no heading with a ticket, such as `### KAN-77: Container build cache`.")
    return tickets, epic_of(text)


async def _one(arguments: Arguments, config: Config) -> int:
    estimate = seconds_in(arguments.estimate) if arguments.estimate else None
    if arguments.estimate and estimate is None:
        raise UsageError(f'"{clean(arguments.estimate, 60)}" is no time. Write it as 45m, 2h or 1d.')
    description = given_text(arguments.description) if arguments.description else ""
    async with session.opened(config, ()) as engine:
        desk = desk_of(engine.desk)
        kind = await _kind(desk, arguments, ())
        command = CreateTicket(
            desk.epic_key,
            kind.id,
            kind.name,
            clean(arguments.summary, 250),
            description,
            tuple(dict.fromkeys(label.strip().replace(" ", "-") for label in arguments.label if label.strip())),
            estimate,
            _fields(kind, arguments),
        )
        command = _fitted(kind, command)
        if arguments.dry_run:
            _print_plan(command, arguments)
            return OK
        return await carry_out_ticket(command, engine, arguments)


async def _of_guide(
    arguments: Arguments, config: Config, guide: tuple[GuideTicket, ...], guide_epic: str | None
) -> int:
    async with session.opened(config, ()) as engine:
        desk = desk_of(engine.desk)
        if guide_epic is not None and guide_epic != desk.epic_key:
            raise UsageError(
                f"The guide is about {guide_epic}, but the configured epic is {desk.epic_key}. "
                "Change jira.epic in the configuration, or the guide's heading."
            )
        family = await desk.family()
        matches = match_guide(guide, family, desk.epic_key)
        missing = [one.guide for one in matches if one.ticket is None]
        commands: list[tuple[GuideTicket, CreateTicket]] = []
        if missing:
            kind = await _kind(desk, arguments, family)
            fields = _fields(kind, arguments)
            for one in missing:
                made = from_guide(one, desk.epic_key, kind)
                labels = (*made.labels, *arguments.label)
                made = CreateTicket(
                    made.parent_key, made.type_id, made.type_name, made.summary, made.description, labels,
                    made.estimate_seconds, fields,
                )  # fmt: skip
                commands.append((one, _fitted(kind, made)))
        if not arguments.json:
            _print_matches(matches, session.console(config))
        if not commands or arguments.dry_run:
            if arguments.json:
                print_document({"epic": desk.epic_key, "dry_run": arguments.dry_run, "tickets": _documents(matches)})
            elif not commands:
                print("Every ticket of the guide is in Jira; nothing is created.")
            else:
                print(f"Without --dry-run {len(commands)} would be created.")
            return OK
        return await _create(commands, matches, engine, arguments)


async def _create(
    commands: list[tuple[GuideTicket, CreateTicket]],
    matches: tuple[GuideMatch, ...],
    engine: "Engine",
    arguments: Arguments,
) -> int:
    """Creates them one after the other; stops at the first whose outcome is not known."""
    names = ", ".join(guide.key for guide, _ in commands)
    if not arguments.yes and not ask(f"Create {len(commands)} in {commands[0][1].parent_key}: {names}?"):
        print("Nothing was done.", file=sys.stderr if arguments.json else sys.stdout)
        return REFUSED
    actions: dict[str, Action] = {}
    codes = [OK]
    for guide, command in commands:
        action = await engine.perform(command)
        actions[guide.key] = action
        codes.append(code_of(action))
        if not arguments.json:
            print(f"{guide.key}: ", end="")
            tell(action)
        if codes[-1] == UNKNOWN:
            warn("Stopped there. Repeating the command is safe: it looks first at what is in Jira.")
            break
    after = match_guide([one.guide for one in matches], await desk_of(engine.desk).family(), commands[0][1].parent_key)
    if arguments.json:
        print_document({"epic": commands[0][1].parent_key, "dry_run": False, "tickets": _documents(after, actions)})
    else:
        for match in after:
            if match.ticket is not None and match.guide.key in actions:
                print(f"{match.guide.key} of the guide is {match.ticket.key} in Jira.")
    return REFUSED if REFUSED in codes else max(codes)


async def _kind(desk: Desk, arguments: Arguments, family: tuple[Ticket, ...]) -> TicketType:
    try:
        kind = pick_type(await desk.types(), family or await desk.family(), arguments.type)
    except CannotCreateError as error:
        raise UsageError(str(error)) from None
    return await desk.with_fields(kind)


def _fields(kind: TicketType, arguments: Arguments) -> dict[str, Any]:
    """Returns what was given with --field, as Jira takes it."""
    known = frozenset({"summary", "description", "labels", "timetracking", "parent", "project", "issuetype"})
    others = tuple(one for one in kind.fields if one.key not in known)
    screen = Transition("", f"to create a {kind.name}", _NOWHERE, others)
    missing = missing_fields(kind, dict.fromkeys(known, True))
    given = dict(pair(written) for written in arguments.field)
    return field_values(screen, given, required=missing)


def _fitted(kind: TicketType, command: CreateTicket) -> CreateTicket:
    try:
        command, left_out = fitted(kind, command)
    except CannotCreateError as error:
        raise UsageError(str(error)) from None
    if left_out:
        warn(f"The create screen of {kind.name} has no {' and no '.join(left_out)}: left out.")
    return command


def _print_plan(command: CreateTicket, arguments: Arguments) -> None:
    if arguments.json:
        planned = {
            "parent_key": command.parent_key,
            "type_name": command.type_name,
            "summary": command.summary,
            "description": command.description,
            "labels": list(command.labels),
            "estimate_seconds": command.estimate_seconds,
        }
        print_document({"dry_run": True, "tickets": [planned]})
        return
    print(f"{command.sentence}.")
    print(f"  labels    {', '.join(command.labels) or 'none'}")
    print(f"  estimate  {seconds_text(command.estimate_seconds)}")
    for line in command.description.splitlines():
        print(f"  {line}")


def _print_matches(matches: tuple[GuideMatch, ...], console: Console) -> None:
    rows: list[list[Cell]] = []
    for one in matches:
        if one.ticket is None:
            rows.append([one.guide.key, "create", seconds_text(one.guide.estimate_seconds), one.guide.summary])
        else:
            found = f"is {one.ticket.key} (by {one.by})"
            rows.append([one.guide.key, found, one.ticket.status.name, one.ticket.summary])
    console.table(rows)


def _documents(matches: tuple[GuideMatch, ...], actions: dict[str, Action] | None = None) -> list[dict[str, Any]]:
    done = actions or {}
    return [
        {
            "guide_key": one.guide.key,
            "key": None if one.ticket is None else one.ticket.key,
            "matched_by": one.by or None,
            "summary": one.guide.summary if one.ticket is None else one.ticket.summary,
            "estimate_seconds": one.guide.estimate_seconds,
            "action": action_document(done[one.guide.key]) if one.guide.key in done else None,
        }
        for one in matches
    ]
