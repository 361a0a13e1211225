"""Keeps the epic's part of the snapshot true, also while Jira's search lags behind a write."""

from dataclasses import replace
from datetime import datetime, timedelta

from cidash.domain.clock import Clock
from cidash.domain.epic import Epic, Ticket
from cidash.domain.problem import Problem, SourceError
from cidash.engine import parts
from cidash.engine.board import Board
from cidash.jira.client import JiraClient

_RECONCILE = timedelta(minutes=5)


class JiraPoll:
    """Asks Jira for the epic and its children and puts them on the board."""

    def __init__(self, client: JiraClient, epic_key: str, board: Board, clock: Clock) -> None:
        self.client = client
        self.epic_key = epic_key
        self._board = board
        self._clock = clock
        self._fresh: dict[str, tuple[Ticket, datetime]] = {}

    def open(self) -> None:
        """Puts what the history holds on the board, without any network."""
        found = self.client.recall_epic(self.epic_key)
        if found is not None:
            self._board.put_epic(parts.remembered(*found))

    async def round(self) -> Problem | None:
        """Asks once; returns the problem, or None when the epic was read."""
        self._forget_old()
        asked_at = self._clock.now()
        try:
            epic = await self.client.epic(self.epic_key, [ticket.id for ticket, _ in self._fresh.values()])
        except SourceError as error:
            self._board.put_epic(parts.failed(self._board.snapshot.epic, error.problem))
            return error.problem
        self._board.put_epic(parts.read(self._with_fresh(epic, asked_at), self._clock.now()))
        return None

    def note_ticket(self, ticket: Ticket) -> None:
        """Puts a ticket that was read by itself on the board, until search agrees with it."""
        self._fresh[ticket.key] = (ticket, self._clock.now())
        epic = self._board.snapshot.epic
        if epic.data is not None:
            self._board.put_epic(replace(epic, data=_replaced(epic.data, ticket)))

    def _with_fresh(self, epic: Epic, asked_at: datetime) -> Epic:
        """Returns the epic with the tickets that were read by themselves where search still shows an older status."""
        for found in (epic.ticket, *epic.children):
            known = self._fresh.get(found.key)
            if known is None:
                continue
            ticket, read_at = known
            caught_up = found.status.id == ticket.status.id or _is_later(found.updated_at, ticket.updated_at)
            if caught_up and asked_at > read_at:
                del self._fresh[found.key]
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
    return replace(epic, children=tuple(ticket if child.key == ticket.key else child for child in epic.children))
