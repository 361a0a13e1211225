"""`cidash epic`: each ticket with status, pull requests, checks, what blocks it, estimate and next step."""

from datetime import datetime
from typing import Any

from cidash.analysis.epic_rows import TicketRow, burn_up, epic_rows, remaining
from cidash.analysis.guide import GuideTicket
from cidash.analysis.guide_match import match_guide
from cidash.analysis.next_step import NOT_CREATED
from cidash.cli import loop, session
from cidash.cli.console import Cell
from cidash.cli.exits import OK, REFUSED, UsageError
from cidash.cli.parser import Arguments
from cidash.cli.status import has_answer
from cidash.cli.ticket import keyed
from cidash.cli.ticket_new import guide_file
from cidash.cli.words import BOLD, CATEGORIES, DIM, NO_RUNS, STATES
from cidash.config.model import Config
from cidash.domain.epic import Epic
from cidash.domain.format import DASH, age_text, seconds_text
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot, SourceState


def epic(arguments: Arguments) -> int:
    """Prints the epic; returns 1 when nothing of it is known, not even from the history."""
    loaded = session.load_config(arguments)
    config = loaded.config
    path = arguments.guide or (config.jira.guide if config.jira is not None else None)
    guide = guide_file(path)[0] if path else ()
    if arguments.key is not None:
        if config.jira is None:
            raise UsageError("Jira is not configured, so there is no epic to show.")
        key = keyed(arguments.key)
        config = config.model_copy(update={"jira": config.jira.model_copy(update={"epic": key})})
    repositories = session.choose(arguments, loaded).shown
    snapshot = loop.run(_read(config, repositories))
    part = snapshot.epic
    if part.state is SourceState.OFF:
        raise UsageError("No epic: set jira.url and jira.epic in the configuration, or name one: cidash epic KAN-40.")
    has_answer(snapshot)
    if part.data is None:
        return REFUSED
    missing = missing_of(guide, part.data)
    if arguments.json:
        from cidash.cli.encode import dumps

        print(dumps(document(snapshot, part.data, missing)))
    else:
        _print(snapshot, part.data, missing, config)
    return OK


async def _read(config: Config, repositories: tuple[RepositoryId, ...]) -> Snapshot:
    async with session.opened(config, repositories) as engine:
        await engine.refresh()
        await engine.join()
        return engine.snapshot


def missing_of(guide: tuple[GuideTicket, ...], of: Epic) -> tuple[GuideTicket, ...]:
    """Returns those tickets of the guide that the epic does not have."""
    return tuple(one.guide for one in match_guide(guide, of.children, of.ticket.key) if one.ticket is None)


def document(snapshot: Snapshot, of: Epic, missing: tuple[GuideTicket, ...]) -> dict[str, Any]:
    """Returns the epic as JSON: tickets in dependency order, sub-tasks below theirs, and what a guide adds."""
    from cidash.cli.encode import envelope, moment, source

    left = remaining(of)
    return {
        **envelope(snapshot.at),
        "epic": {
            **source(snapshot.epic, snapshot.at),
            "key": of.ticket.key,
            "summary": of.ticket.summary,
            "url": of.ticket.url,
            "done": sum(child.is_done for child in of.children),
            "total": len(of.children),
            "remaining": {
                "tickets": left.tickets,
                "estimate_seconds": left.seconds,
                "points": left.points,
                "without_estimate": left.unestimated,
            },
            "tickets": [_row_document(row, snapshot.at) for row in epic_rows(snapshot)],
            "not_created": [
                {
                    "guide_key": one.key,
                    "summary": one.summary,
                    "estimate_seconds": one.estimate_seconds,
                    "next": {"sentence": NOT_CREATED.sentence, "key": NOT_CREATED.by.value},
                }
                for one in missing
            ],
            "burn_up": [{"at": moment(point.at), "done": point.done} for point in burn_up(of.children)],
        },
    }


def _row_document(row: TicketRow, now: datetime) -> dict[str, Any]:
    from cidash.cli.encode import ticket

    pulls = [
        {
            "repository": str(pull.repository),
            "number": pull.number,
            "url": pull.url,
            "state": pull.state,
            "merged": pull.merged,
        }
        for pull in row.pulls
    ]
    since = row.ticket.status_since
    return {
        **ticket(row.ticket, {row.ticket.key: pulls}),
        "points": row.ticket.points,
        "labels": list(row.ticket.labels),
        "is_subtask": row.depth > 0,
        "in_status_seconds": None if since is None else max(0.0, (now - since).total_seconds()),
        "checks": None if row.checks is None else row.checks.value,
        "controls": row.evidence.proof.value,
        "blocked_by": [link.key for link in row.blocked_by],
        "next": {"sentence": row.step.sentence, "key": row.step.by.value or None},
    }


def _print(snapshot: Snapshot, of: Epic, missing: tuple[GuideTicket, ...], config: Config) -> None:
    console = session.console(config)
    done = sum(child.is_done for child in of.children)
    age = snapshot.epic.age_seconds(snapshot.at)
    old = f", {age_text(age)} old" if snapshot.epic.state is not SourceState.LIVE and age is not None else ""
    console.heading(f"{of.ticket.key} {of.ticket.summary}", f"{done}/{len(of.children)} done{old}")
    rows: list[list[Cell]] = [[(name, BOLD) for name in _HEADINGS]]
    rows += [_cells(row) for row in epic_rows(snapshot)]
    for one in missing:
        estimate = seconds_text(one.estimate_seconds)
        rows.append([("+", DIM), f"({one.key})", one.summary[:40], DASH, DASH, DASH, estimate, NOT_CREATED.sentence])
    console.table(rows)
    left = remaining(of)
    parts = [f"{left.tickets} to do", f"{seconds_text(left.seconds)} estimated"]
    parts += [f"{left.points:g} points"] if left.points is not None else []
    parts += [f"{left.unestimated} without an estimate"] if left.unestimated else []
    console.note("  " + ", ".join(parts))


_HEADINGS = ("", "ticket", "summary", "status", "PR", "checks", "left", "next")


def _cells(row: TicketRow) -> list[Cell]:
    ticket = row.ticket
    category = CATEGORIES[ticket.status.category]
    pulls = " ".join(f"#{pull.number}{' merged' if pull.merged else ''}" for pull in row.pulls[:2])
    look = NO_RUNS if row.checks is None else STATES[row.checks]
    estimate = ticket.remaining_seconds if ticket.remaining_seconds is not None else ticket.estimate_seconds
    by = f" [{row.step.by.value}]" if row.step.by.value else ""
    indent = "  " * row.depth
    return [
        (category.glyph, category.colour),
        indent + ticket.key,
        ticket.summary[:40],
        (ticket.status.name, category.colour),
        pulls or DASH,
        (look.word, look.colour) if row.pulls else (DASH, DIM),
        seconds_text(estimate),
        row.step.sentence + by,
    ]
