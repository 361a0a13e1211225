"""The epic as rows: each ticket with its pull requests, their checks, what blocks it, and the next step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cidash.analysis.checks import checks_of
from cidash.analysis.links import keys_in, pulls_of_ticket, tickets_of_pull
from cidash.analysis.next_step import Evidence, Step, step_of
from cidash.domain.ci import PullRequest, Run
from cidash.domain.epic import Epic, StatusCategory, Ticket, TicketLink
from cidash.domain.snapshot import RepositorySnapshot, Snapshot
from cidash.domain.state import State, worst_state


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket of the epic, or a sub-task of one (`depth` 1)."""

    ticket: Ticket
    depth: int
    pulls: tuple[PullRequest, ...]
    """The most telling first; merged ones come after open ones."""
    checks: State | None
    """State of the head commit of the first open pull request, else of the first; None when nothing reported."""
    blocked_by: tuple[TicketLink, ...]
    """Those links whose tickets are not done."""
    step: Step
    evidence: Evidence

    @property
    def open_pull(self) -> PullRequest | None:
        """The pull request that still has to be merged."""
        return next((pull for pull in self.pulls if pull.state == "open" and not pull.merged), None)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to do in the epic."""

    tickets: int
    seconds: float
    """Sum over those that say."""
    points: float | None
    """Sum of story points; None when no open ticket has any."""
    unestimated: int
    """Open tickets that say neither time nor points."""


def epic_rows(snapshot: Snapshot, evidence: Mapping[str, Evidence] | None = None) -> tuple[TicketRow, ...]:
    """Returns the epic's rows in dependency order, sub-tasks below their ticket; none without an epic."""
    epic = snapshot.epic.data
    if epic is None:
        return ()
    known = evidence or {}
    rows: list[TicketRow] = []
    for child in in_dependency_order(epic.children):
        rows.append(_row(child, 0, snapshot, known.get(child.key, Evidence())))
        rows += [
            _row(one, 1, snapshot, known.get(one.key, Evidence()))
            for one in in_dependency_order(epic.subtasks_of(child.key))
        ]
    return tuple(rows)


def in_dependency_order(tickets: Sequence[Ticket]) -> tuple[Ticket, ...]:
    """Returns the tickets so that a blocker stands before what it blocks; else the given order stays.

    Tickets that block each other in a circle keep the given order among themselves.
    """
    by_key = {ticket.key: ticket for ticket in tickets}
    waits = {
        ticket.key: {link.key for link in ticket.links if link.blocks_me and link.key in by_key} - {ticket.key}
        for ticket in tickets
    }
    ordered: list[Ticket] = []
    left = list(by_key)
    while left:
        free = next((key for key in left if not waits[key] & set(left)), left[0])
        left.remove(free)
        ordered.append(by_key[free])
    return tuple(ordered)


def remaining(epic: Epic) -> Remaining:
    """Returns the sum of what is left: a ticket with sub-tasks that say more than itself counts by those."""
    seconds, points, unestimated, tickets = 0.0, None, 0, 0
    for child in epic.children:
        if child.is_done:
            continue
        tickets += 1
        below = [one for one in epic.subtasks_of(child.key) if not one.is_done]
        own = _left(child)
        under = [left for one in below if (left := _left(one)) is not None]
        time = max(own or 0.0, sum(under)) if own is not None or under else None
        if child.points is not None:
            points = (points or 0.0) + child.points
        if time is not None:
            seconds += time
        elif child.points is None:
            unestimated += 1
    return Remaining(tickets, seconds, points, unestimated)


def _left(ticket: Ticket) -> float | None:
    return ticket.remaining_seconds if ticket.remaining_seconds is not None else ticket.estimate_seconds


@dataclass(frozen=True, slots=True)
class BurnUp:
    """How many tickets were done at a moment."""

    at: datetime
    done: int


def burn_up(tickets: Iterable[Ticket]) -> tuple[BurnUp, ...]:
    """Returns the moments at which the number of done tickets rose, oldest first.

    By the dates when tickets came into their category: a ticket that was reopened and done again counts from then.
    Done tickets without a date are left out, so the last number may be less than the tickets done.
    """
    moments = sorted(one.status_since for one in tickets if one.is_done and one.status_since is not None)
    return tuple(BurnUp(at, number) for number, at in enumerate(moments, 1))


def pulls_for(ticket_key: str, where: RepositorySnapshot) -> tuple[PullRequest, ...]:
    """Returns the repository's pull requests for that ticket: open ones first, then those merged lately.

    A pull request that names no ticket in branch, title or body counts by the keys in its commits.
    """
    open_ones, merged = where.pulls.data or (), where.merged.data or ()
    found: list[PullRequest] = []
    for group in (open_ones, merged):
        found += pulls_of_ticket(ticket_key, group)
        found += [
            pull
            for pull in group
            if ticket_key in where.commit_tickets.get(pull.number, ()) and not names_a_ticket(pull, ticket_key)
        ]
    return tuple({(pull.repository, pull.number): pull for pull in found}.values())


def names_a_ticket(pull: PullRequest, like: str) -> bool:
    """Returns whether branch, title or body name any ticket of the project of `like` (a key)."""
    return bool(tickets_of_pull(pull, (like.rpartition("-")[0],)))


def tickets_in_commits(messages: Iterable[str]) -> tuple[str, ...]:
    """Returns the keys in commit messages, in order, each once."""
    return tuple(dict.fromkeys(key for message in messages for key in keys_in(message)))


def main_state(where: RepositorySnapshot) -> State | None:
    """Returns the state of the default branch's newest commit with runs; None when that is not known."""
    runs: list[Run] = [
        run
        for run in where.runs.data or ()
        if run.branch == where.default_branch and run.event not in {"pull_request", "schedule"}
    ]
    if not runs or where.default_branch is None:
        return None
    newest = max(runs, key=lambda run: (run.created_at, run.id))
    return checks_of(newest.head_sha, runs)


def _row(ticket: Ticket, depth: int, snapshot: Snapshot, evidence: Evidence) -> TicketRow:
    pulls: list[PullRequest] = []
    states: dict[int, State | None] = {}
    mains: list[State | None] = []
    for where in snapshot.repositories:
        found = pulls_for(ticket.key, where)
        pulls += found
        runs = where.runs.data or ()
        states.update({pull.number: checks_of(pull.head_sha, runs) for pull in found})
        if found:
            mains.append(main_state(where))
    pulls.sort(key=lambda pull: pull.merged or pull.state != "open")
    return TicketRow(
        ticket=ticket,
        depth=depth,
        pulls=tuple(pulls),
        checks=states.get(pulls[0].number) if pulls else None,
        blocked_by=tuple(
            link for link in ticket.links if link.blocks_me and link.status.category is not StatusCategory.DONE
        ),
        step=step_of(ticket, pulls, states, _together(mains), evidence),
        evidence=evidence,
    )


def _together(mains: Sequence[State | None]) -> State | None:
    known = [state for state in mains if state is not None]
    return worst_state(known) if known and len(known) == len(mains) else None
