"""Keeps the epic's part of the snapshot true, also while Jira's search lags behind a write."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cidash.domain.clock import Clock
from cidash.domain.epic import Epic, Ticket
from cidash.domain.problem import Problem, SourceError
from cidash.engine import parts
from cidash.engine.board import Board
from cidash.jira.client import JiraClient
from cidash.jira.keys import key_order

if TYPE_CHECKING:
    from cidash.analysis.guide import GuideTicket
    from cidash.engine.pull_links import PullLinks

FULL_SECONDS = 180.0
"""The small question does not tell of tickets that were taken out of the epic, nor of the epic's own changes."""
_RECONCILE = timedelta(minutes=5)


class JiraPoll:
    """Asks Jira for the epic and its children and puts them on the board."""

    def __init__(self, client: JiraClient, epic_key: str, board: Board, clock: Clock) -> None:
        self.client = client
        self.epic_key = epic_key
        self.links: tuple[PullLinks, ...] = ()
        """What reads the pull requests beyond the open ones."""
        self.guide: tuple[GuideTicket, ...] = ()
        """The tickets of the configured guide."""
        self._board = board
        self._clock = clock
        self._fresh: dict[str, tuple[Ticket, datetime]] = {}
        self._marks: dict[str, str] = {}
        self._full_at = float("-inf")
        self._read_at: datetime | None = None
        self._is_learnt = False

    def open(self) -> None:
        """Puts what the history holds on the board, without any network."""
        found = self.client.recall_epic(self.epic_key)
        if found is not None:
            self._board.put_epic(parts.remembered(*found))

    def expect_news(self) -> None:
        """Makes the next round read everything."""
        self._full_at = float("-inf")

    async def round(self) -> Problem | None:
        """Asks once; returns the problem, or None when it was answered.

        Every few minutes, and while search lags behind a write, the whole epic is read. In between a small question
        tells what changed, and only that is read.
        """
        self._forget_old()
        asked_at = self._clock.now()
        try:
            epic = await self._small_round()
            if epic is None:
                if not self._is_learnt:
                    await self.client.learn_site()
                    self._is_learnt = True
                epic = await self.client.epic(self.epic_key, [ticket.id for ticket, _ in self._fresh.values()])
                self._full_at = self._clock.monotonic() + FULL_SECONDS
        except SourceError as error:
            self._board.put_epic(parts.failed(self._board.snapshot.epic, error.problem))
            return error.problem
        self._read_at = asked_at
        self._board.put_epic(parts.read(self._with_fresh(epic, asked_at), self._clock.now()))
        return None

    async def join(self) -> Problem | None:
        """Reads what joins the tickets to pull requests, as far as it is due; problems are told by those parts."""
        for one in self.links:
            await one.round(self.epic_key)
        return None

    async def _small_round(self) -> Epic | None:
        """Returns the epic with what changed lately, or None when all of it has to be read."""
        part = self._board.snapshot.epic
        if part.data is None or self._read_at is None or self._fresh or self._clock.monotonic() >= self._full_at:
            return None
        away = (self._clock.now() - self._read_at).total_seconds()
        marks = await self.client.changes(self.epic_key, int(away // 60) + 2)
        changed = [key for key, mark in marks.items() if self._marks.get(key) != mark]
        known = {child.key for child in part.data.children}
        if not known.issuperset(changed):
            return None
        for ticket in await self.client.tickets(changed) if changed else ():
            self.note_ticket(ticket)
        self._marks = marks
        return self._board.snapshot.epic.data

    def note_ticket(self, ticket: Ticket) -> None:
        """Puts a ticket that was read by itself on the board, until search agrees with it."""
        self._fresh[ticket.key] = (ticket, self._clock.now())
        epic = self._board.snapshot.epic
        if epic.data is not None:
            self._board.put_epic(replace(epic, data=_replaced(epic.data, ticket)))

    def _with_fresh(self, epic: Epic, asked_at: datetime) -> Epic:
        """Returns the epic with the tickets that were read by themselves where search still shows an older status."""
        listed = {one.key: one for one in (epic.ticket, *epic.children, *epic.subtasks)}
        for key, (ticket, read_at) in tuple(self._fresh.items()):
            found = listed.get(key)
            if found is None:
                if ticket.parent_key == epic.ticket.key:
                    epic = _replaced(epic, ticket)
                continue
            caught_up = found.status.id == ticket.status.id or _is_later(found.updated_at, ticket.updated_at)
            if caught_up and asked_at > read_at:
                del self._fresh[key]
            elif not caught_up:
                epic = _replaced(epic, ticket)
        return epic

    def _forget_old(self) -> None:
        limit = self._clock.now() - _RECONCILE
        self._fresh = {key: known for key, known in self._fresh.items() if known[1] > limit}


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other


def _replaced(epic: Epic, ticket: Ticket) -> Epic:
    if epic.ticket.key == ticket.key:
        return replace(epic, ticket=ticket)
    if any(one.key == ticket.key for one in epic.subtasks):
        return replace(epic, subtasks=tuple(ticket if one.key == ticket.key else one for one in epic.subtasks))
    if ticket.parent_key == epic.ticket.key and all(child.key != ticket.key for child in epic.children):
        children = (*epic.children, ticket)  # made just now, and not in the search yet
        return replace(epic, children=tuple(sorted(children, key=lambda child: key_order(child.key))))
    return replace(epic, children=tuple(ticket if child.key == ticket.key else child for child in epic.children))
