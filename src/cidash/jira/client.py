"""The async Jira client: reads the epic, tickets and transitions, and survives every bad answer with a sentence.

httpx comes with the first request, never with the import: a start from the history needs neither it nor the network.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from cidash.domain.clock import Clock
from cidash.domain.epic import Epic, Ticket, Transition
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira import problems, questions
from cidash.jira.keys import checked_ids, checked_key, key_order
from cidash.jira.limits import Limits
from cidash.jira.questions import Question
from cidash.jira.wire import SearchPageWire, StoredEpicWire, TicketWire
from cidash.transport.bodies import BodyStore, StoredBody
from cidash.transport.connection import Connection

T = TypeVar("T")

PAGE_LIMIT = 50
"""An epic of more than 5,000 tickets is not read."""
_ACCEPT = "application/json"


class JiraClient:
    """Reads one Jira site. Basic authentication with an e-mail, Bearer without one (a personal access token)."""

    def __init__(
        self,
        url: str,
        email: str | None,
        token: Secret,
        bodies: BodyStore,
        clock: Clock,
        api_url: str | None = None,
    ) -> None:
        """Sends nothing yet.

        Args:
            url: The site, where browse links lead.
            email: The account's e-mail, or None for Bearer.
            token: API token or personal access token.
            bodies: Where the last good epic is kept.
            clock: Now, for ages and limits.
            api_url: Where the API is asked instead of at the site: the gateway for tokens with scopes.
        """
        self.url = url.rstrip("/")
        self.base_url = (api_url or url).rstrip("/")
        self.site = urlsplit(self.url).netloc.rpartition("@")[2]
        self._email = email
        self._token = token
        self.limits = Limits(clock, self.site)
        self._clock = clock
        self._bodies = bodies
        self._connection = Connection(self.base_url, "Jira", self.authorization)
        self._saved: dict[str, bytes] = {}

    @property
    def blocked_until(self) -> datetime | None:
        """Until when a rate limit forbids every request, or None."""
        return self.limits.blocked_until

    async def epic(self, key: str, reconcile: Sequence[str] = ()) -> Epic:
        """Returns the epic ticket and its direct children in natural key order, and stores the answer.

        Args:
            key: The epic's key.
            reconcile: Numeric ids (at most 50 count) of tickets written to lately, on which the search must not lag.

        Raises:
            SourceError: anything that a server or the network can do wrong; `not_found` if the epic can't be seen.
        """
        key = checked_key(key)
        ids = checked_ids(reconcile)
        try:
            bodies, tickets = await self._pages(key, ids)
        except SourceError as error:
            # An unknown key makes the search a bad question (400); the direct read says it plainly.
            if error.problem.kind is ProblemKind.REFUSED and error.problem.status == 400:
                await self._ask(questions.ticket(key))
            raise
        listed = next((ticket for ticket in tickets if ticket.key == key), None)
        if listed is not None:
            root = listed
        else:
            # Hidden, gone, not yet in the search index, or moved to another project and therefore renamed.
            root, body = await self._ask(questions.ticket(key))
            bodies.append(b'{"issues":[' + body + b"]}")
        self._save_epic(key, root.id, bodies)
        return self._epic(root, tickets)

    def recall_epic(self, key: str) -> tuple[Epic, datetime] | None:
        """Returns the last good reading of the epic and when it was read, from the store alone, or None."""
        try:
            address = self._epic_address(checked_key(key))
        except SourceError:
            return None
        stored = self._bodies.load(address)
        if stored is None:
            return None
        try:
            wire = StoredEpicWire.model_validate_json(stored.body)
        except ValidationError:
            return None
        tickets = [ticket for page in wire.pages for ticket in page.issues]
        root = next((ticket for ticket in tickets if ticket.id == wire.root), None)
        return None if root is None else (self._epic(root, tickets), stored.fetched_at)

    async def ticket(self, key: str) -> Ticket:
        """Returns the ticket, read directly: true at once after a write, unlike the search.

        Raises:
            SourceError: as for `epic`.
        """
        wire, _ = await self._ask(questions.ticket(checked_key(key)))
        return wire.noun(self.url)

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        """Returns the moves this user may make now; Jira answers with none, too, if the right is missing.

        Raises:
            SourceError: as for `epic`.
        """
        found, _ = await self._ask(questions.transitions(checked_key(key)))
        return found

    async def last_mover(self, ticket: Ticket) -> str | None:
        """Returns the name of who moved the ticket into its status, or None if that can't be told.

        Raises:
            SourceError: as for `epic`.
        """
        history, _ = await self._ask(questions.ticket_history(checked_key(ticket.key)))
        return history.mover_to(ticket.status.id)

    async def myself(self) -> str:
        """Returns the display name of the token's user.

        Raises:
            SourceError: as for `epic`.
        """
        user, _ = await self._ask(questions.myself())
        return user.noun()

    def authorization(self) -> str:
        """Returns the value of the Authorization header: for the two HTTP libraries and nobody else.

        Raises:
            SourceError: `unauthorized`, if the token can't be one.
        """
        token = self._token.reveal().strip()
        if not token or not token.isascii() or not token.isprintable():
            raise SourceError(
                Problem(
                    ProblemKind.UNAUTHORIZED,
                    f"The token for Jira ({self.site}) is empty or holds characters that no token has.",
                )
            )
        if self._email:
            return "Basic " + base64.b64encode(f"{self._email}:{token}".encode()).decode("ascii")
        return f"Bearer {token}"

    async def close(self) -> None:
        """Closes the connections."""
        await self._connection.close()

    async def _pages(self, key: str, reconcile: Sequence[str]) -> tuple[list[bytes], list[TicketWire]]:
        bodies: list[bytes] = []
        tickets: list[TicketWire] = []
        token: str | None = None
        seen: set[str] = set()
        while len(bodies) < PAGE_LIMIT:
            page, body = await self._ask(questions.epic_page(key, reconcile, token))
            bodies.append(body)
            tickets.extend(page.issues)
            if page.is_last or (page.is_last is None and page.next_page_token is None):
                return bodies, tickets
            token = self._next_token(page, seen)
            seen.add(token)
        raise SourceError(
            Problem(
                ProblemKind.BAD_ANSWER,
                f"Jira ({self.site}) listed more than {PAGE_LIMIT} pages of tickets for {key}, which is not believed.",
            )
        )

    def _next_token(self, page: SearchPageWire, seen: set[str]) -> str:
        token = page.next_page_token
        if token is None or token in seen:
            what = "gave no way to the next page" if token is None else "led back to a page already read"
            raise SourceError(
                Problem(ProblemKind.BAD_ANSWER, f"Jira ({self.site}) {what} of its search, so the list is not whole.")
            )
        return token

    async def _ask(self, question: Question[T]) -> tuple[T, bytes]:
        """Sends one GET unless a limit forbids it; returns the answer, read, and its body."""
        self.limits.check(question.call)
        answer = await self._connection.send("GET", question.url(self.base_url), headers={"Accept": _ACCEPT})
        if answer.status == 429:
            raise SourceError(self.limits.hit(answer, question.call))
        if answer.status != 200:
            problem = problems.read_problem(answer, question.asked, self.site)
            if answer.status == 404 and question.call == "search":
                problem = problems.search_missing(self.site)
            raise SourceError(self.limits.pause(answer, problem))
        self.limits.passed(question.call)
        try:
            return question.read(answer.body), answer.body
        except ValidationError as error:
            raise SourceError(problems.unreadable(answer, error, question.asked, self.site)) from None

    def _epic(self, root: TicketWire, tickets: Sequence[TicketWire]) -> Epic:
        epic = root.noun(self.url)
        by_id = {ticket.id: ticket.noun(self.url) for ticket in tickets if ticket.id != root.id}
        children = (child for child in by_id.values() if child.parent_key in {epic.key, None})
        return Epic(epic, tuple(sorted(children, key=lambda child: key_order(child.key))))

    def _epic_address(self, key: str) -> str:
        return questions.epic_page(key).url(self.base_url)

    def _save_epic(self, key: str, root_id: str, pages: Sequence[bytes]) -> None:
        """Keeps all pages in one piece: a crash can't leave half of one reading beside half of another."""
        address = self._epic_address(key)
        body = b'{"root":' + json.dumps(root_id).encode() + b',"pages":[' + b",".join(pages) + b"]}"
        digest = hashlib.sha256(body).digest()
        now = self._clock.now()
        if self._saved.get(address) == digest:
            self._bodies.touch(address, now)
            return
        self._bodies.save(address, StoredBody(body, None, self._connection.fingerprint(_ACCEPT), now))
        self._saved[address] = digest
