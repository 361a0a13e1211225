"""The async Jira client: reads the epic, tickets and transitions, and survives every bad answer with a sentence.

httpx comes with the first request, never with the import: a start from the history needs neither it nor the network.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from cidash.domain.clock import Clock
from cidash.domain.epic import Epic, Person, Ticket, Transition
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira import making_questions, questions
from cidash.jira.asker import ACCEPT, Asker
from cidash.jira.keys import checked_ids, checked_key, key_order
from cidash.jira.route import GATEWAY
from cidash.jira.wire import NO_SITE_FIELDS, SearchPageWire, SiteFields, StoredEpicWire, TicketWire
from cidash.transport.bodies import BodyStore, StoredBody

if TYPE_CHECKING:
    from cidash.jira.questions import Question

T = TypeVar("T")

PAGE_LIMIT = 50
"""An epic of more than 5,000 tickets is not read."""
PARENT_LIMIT = 100
"""Sub-tasks are read of that many children."""


class JiraClient(Asker):
    """Reads one Jira site. Basic authentication with an e-mail, Bearer without one (a personal access token)."""

    def __init__(
        self,
        url: str,
        email: str | None,
        token: Secret,
        bodies: BodyStore,
        clock: Clock,
        api_url: str | None = None,
        gateway: str = GATEWAY,
    ) -> None:
        """Sends nothing yet.

        Args:
            url: The site, where browse links lead.
            email: The account's e-mail, or None for Bearer.
            token: API token or personal access token.
            bodies: Where the last good epic is kept.
            clock: Now, for ages and limits.
            api_url: Where the API is asked instead of at the site: the gateway for tokens with scopes.
            gateway: Where tokens with scopes are accepted; asked when the site answers 401 and no `api_url` is given.
        """
        super().__init__(url, email, token, clock, api_url, gateway)
        self._bodies = bodies
        self._site_fields: SiteFields | None = None
        self._me: Person | None = None
        self._saved: dict[str, bytes] = {}

    @property
    def epic_link_field(self) -> str | None:
        """The field that names a ticket's epic on Data Center; None until `learn_site` was answered."""
        return (self._site_fields or NO_SITE_FIELDS).epic_link

    async def learn_site(self) -> None:
        """Asks once which of the site's own fields count (story points, epic link) and who asks.

        Worth doing before the first `epic`; without an answer that goes on without them, and the next call asks again.
        """
        if self._site_fields is None:
            with contextlib.suppress(SourceError):
                self._site_fields = await self.ask(making_questions.fields())
        if self._me is None:
            with contextlib.suppress(SourceError):
                await self.myself()

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
            bodies, tickets = await self._children(key, ids)
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
            root, body = await self._ask(questions.ticket(key, self._asked))
            bodies.append(b'{"issues":[' + body + b"]}")
        sub_bodies, subtasks = await self._subtasks(tickets, ids)
        self._save_epic(key, root.id, bodies, sub_bodies)
        return self._epic(root, tickets, subtasks, self._site_fields or NO_SITE_FIELDS)

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
        subtasks = [ticket for page in wire.subtasks for ticket in page.issues]
        root = next((ticket for ticket in tickets if ticket.id == wire.root), None)
        known = SiteFields(tuple(wire.points), wire.epic_link)
        return None if root is None else (self._epic(root, tickets, subtasks, known), stored.fetched_at)

    async def changes(self, key: str, minutes: int = 2) -> dict[str, str]:
        """Returns which children changed in the last minutes: ticket key to a mark of the newest change.

        Small and cheap; it lags as every search does, and does not tell of removed children.

        Raises:
            SourceError: as for `epic`.
        """
        key = checked_key(key)
        family = f"parent = {key}"
        if self.is_data_center:
            family = f"({self._epic_link_jql(key)} OR parent = {key})"
        jql = f'{family} AND updated >= "-{max(1, minutes)}m"'
        page, _ = await self._ask(making_questions.changed(jql, key, data_center=self.is_data_center))
        return page.marks()

    async def tickets(self, keys: Sequence[str]) -> tuple[Ticket, ...]:
        """Returns those of the named tickets that exist, each read itself: no search lags here.

        Raises:
            SourceError: as for `epic`.
        """
        wanted = [checked_key(key) for key in dict.fromkeys(keys)]
        found: list[Ticket] = []
        known = self._site_fields or NO_SITE_FIELDS
        for at in range(0, len(wanted), making_questions.BULK_LIMIT):
            part = wanted[at : at + making_questions.BULK_LIMIT]
            if not self.is_data_center:
                try:
                    page, _ = await self._ask(making_questions.bulk(part, self._asked))
                    found += [wire.noun(self.url, known) for wire in page.issues]
                    continue
                except SourceError:
                    if not self._has_turned_out():
                        raise
            found += [one for key in part if (one := await self._if_there(key)) is not None]
        return tuple(found)

    async def _if_there(self, key: str) -> Ticket | None:
        try:
            return await self.ticket(key)
        except SourceError as error:
            if error.problem.kind is ProblemKind.NOT_FOUND:
                return None
            raise

    async def ticket(self, key: str) -> Ticket:
        """Returns the ticket, read directly: true at once after a write, unlike the search.

        Raises:
            SourceError: as for `epic`.
        """
        wire, _ = await self._ask(questions.ticket(checked_key(key), self._asked))
        return wire.noun(self.url, self._site_fields or NO_SITE_FIELDS)

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
        self._me = user.person()
        return user.noun()

    @property
    def _asked(self) -> tuple[str, ...]:
        return (self._site_fields or NO_SITE_FIELDS).asked

    def _has_turned_out(self) -> bool:
        """Whether the question that failed has shown this to be Data Center, which must be asked otherwise."""
        return self.is_data_center

    async def _children(self, key: str, ids: Sequence[str]) -> tuple[list[bytes], list[TicketWire]]:
        if not self.is_data_center:
            try:
                return await self._pages(
                    lambda token: questions.epic_page(key, ids, token, self._asked), f"tickets for {key}"
                )
            except SourceError:
                if not self._has_turned_out():
                    raise
            await self.learn_site()
        return await self._offset_pages(f"key = {key} OR {self._epic_link_jql(key)} ORDER BY key", key)

    def _epic_link_jql(self, key: str) -> str:
        """The epic link by its number where that is known: its name is translated."""
        field_id = (self._site_fields or NO_SITE_FIELDS).epic_link
        name = f"cf[{field_id.removeprefix('customfield_')}]" if field_id else '"Epic Link"'
        return f"{name} = {key}"

    async def _subtasks(
        self, tickets: Sequence[TicketWire], ids: Sequence[str]
    ) -> tuple[list[bytes], list[TicketWire]]:
        """Reads the children's sub-tasks, if there are any."""
        parents = [ticket.key for ticket in tickets if ticket.fields.subtasks][:PARENT_LIMIT]
        if not parents:
            return [], []
        jql = f"parent in ({', '.join(checked_key(parent) for parent in parents)}) ORDER BY key"
        asked = "the sub-tasks"
        if self.is_data_center:
            return await self._offset_pages(jql, asked)
        return await self._pages(lambda token: questions.search_page(jql, asked, ids, token, self._asked), asked)

    async def _offset_pages(self, jql: str, key: str) -> tuple[list[bytes], list[TicketWire]]:
        bodies: list[bytes] = []
        tickets: list[TicketWire] = []
        while len(bodies) < PAGE_LIMIT:
            page, body = await self._ask(making_questions.offset_page(jql, key, self._asked, len(tickets)))
            bodies.append(body)
            tickets.extend(page.issues)
            if not page.issues or len(tickets) >= page.total:
                return bodies, tickets
        raise self._too_many(f"tickets for {key}")

    async def _pages(
        self, page_of: "Callable[[str | None], Question[SearchPageWire]]", what: str
    ) -> tuple[list[bytes], list[TicketWire]]:
        bodies: list[bytes] = []
        tickets: list[TicketWire] = []
        token: str | None = None
        seen: set[str] = set()
        while len(bodies) < PAGE_LIMIT:
            page, body = await self._ask(page_of(token))
            bodies.append(body)
            tickets.extend(page.issues)
            if page.is_last or (page.is_last is None and page.next_page_token is None):
                return bodies, tickets
            token = self._next_token(page, seen)
            seen.add(token)
        raise self._too_many(what)

    def _too_many(self, what: str) -> SourceError:
        return SourceError(
            Problem(
                ProblemKind.BAD_ANSWER,
                f"Jira ({self.site}) listed more than {PAGE_LIMIT} pages of {what}, which is not believed.",
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

    def _epic(
        self, root: TicketWire, tickets: Sequence[TicketWire], subtasks: Sequence[TicketWire], known: SiteFields
    ) -> Epic:
        epic = root.noun(self.url, known)
        by_id = {ticket.id: ticket.noun(self.url, known) for ticket in tickets if ticket.id != root.id}
        children = [child for child in by_id.values() if child.parent_key in {epic.key, None}]
        keys = {child.key for child in children}
        below = {ticket.id: ticket.noun(self.url, known) for ticket in subtasks}.values()
        return Epic(
            epic,
            tuple(sorted(children, key=lambda child: key_order(child.key))),
            tuple(sorted((one for one in below if one.parent_key in keys), key=lambda one: key_order(one.key))),
            self._me.id if self._me is not None else None,
        )

    def _epic_address(self, key: str) -> str:
        return questions.epic_page(key).url(self.base_url)

    def _save_epic(self, key: str, root_id: str, pages: Sequence[bytes], subtasks: Sequence[bytes]) -> None:
        """Keeps all pages in one piece: a crash can't leave half of one reading beside half of another."""
        address = self._epic_address(key)
        known = self._site_fields or NO_SITE_FIELDS
        head = json.dumps({"root": root_id, "points": known.points, "epicLink": known.epic_link})
        lists = b',"pages":[' + b",".join(pages) + b'],"subtasks":[' + b",".join(subtasks) + b"]}"
        body = head[:-1].encode() + lists
        digest = hashlib.sha256(body).digest()
        now = self._clock.now()
        if self._saved.get(address) == digest:
            self._bodies.touch(address, now)
            return
        self._bodies.save(address, StoredBody(body, None, self._connection.fingerprint(ACCEPT), now))
        self._saved[address] = digest
