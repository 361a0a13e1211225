"""The client of one GitHub host: asks conditionally, pages, remembers what it read, and keeps the budget."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.domain.snapshot import Budget
from cidash.github import logs, refusals
from cidash.github.addresses import next_page, resolved, same_origin
from cidash.github.gate import Gate
from cidash.github.query import Query, joined
from cidash.github.wire import message_of
from cidash.transport.bodies import BodyStore, StoredBody
from cidash.transport.connection import Answer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PAGES = 10
_REMEMBERED = 96
_MOVED = (301, 302, 307, 308)
_MOVED_FOR_GOOD = (301, 308)
_ETAG_CHARACTERS = frozenset(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """What was read, and when the host last said that it is so."""

    data: T_co
    fetched_at: datetime
    changed: bool
    """False when it is what was there before: the host said so, or the nouns are equal."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One page as it was last read: the nouns stand for the body, so that an unchanged page is not parsed again."""

    data: Any
    etag: str | None
    credential: str
    next_url: str | None


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Reading[Any]]"
    waiting: int = 0


class GitHubClient:
    """Asks one host's REST API. Every failure is a `SourceError`; nothing is sent again by itself."""

    def __init__(
        self,
        host: str,
        api_url: str,
        token: Secret | None,
        bodies: BodyStore,
        clock: Clock,
        *,
        timeout_seconds: float = 15.0,
    ) -> None:
        self.gate = Gate(host, api_url, token, clock, timeout_seconds=timeout_seconds)
        self.host = host
        self.api_url = self.gate.api_url
        self._bodies = bodies
        self._clock = clock
        self.clock = clock
        self._pages: OrderedDict[tuple[str, str], _Page] = OrderedDict()
        self._flights: dict[str, _Flight] = {}
        self._moved: dict[str, str] = {}
        self._turns: dict[str, int] = {}

    @property
    def budget(self) -> Budget:
        """The host's rate limit and what was spent of it, as the newest answer left it."""
        return self.gate.limits.budget

    @property
    def server_offset_seconds(self) -> float | None:
        """How many seconds the host's clock is ahead of ours, to about a second; None before its first answer."""
        return self.gate.limits.server_offset_seconds

    async def fetch(self, query: Query[T]) -> Reading[T]:
        """Returns the answer to a question, all its pages; those who ask the same at the same time share one request.

        Raises:
            SourceError: no answer, an unreadable one, a refusal, or a rate limit (then nothing is sent before its end).
        """
        url = query.url(self.api_url)
        flight = self._flights.get(url)
        if flight is None:
            flight = self._flights[url] = _Flight(asyncio.create_task(self._read(query, url)))
            flight.task.add_done_callback(lambda _: self._landed(url, flight))
        flight.waiting += 1
        try:
            return cast("Reading[T]", await asyncio.shield(flight.task))
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._landed(url, flight)
                flight.task.cancel()

    def recall(self, query: Query[T]) -> Reading[T] | None:
        """Returns the stored answer, whichever token it was given to, or None when a page is missing or unreadable.

        It is as old as the oldest of its pages. Nothing is sent, and no HTTP package is imported.
        """
        url: str | None = query.url(self.api_url)
        pages: list[T] = []
        oldest: datetime | None = None
        while url is not None and len(pages) < PAGES:
            stored = self._bodies.load(url)
            if stored is None:
                return None
            try:
                pages.append(cast("T", self._remember(query, url, stored).data))
            except SourceError:
                return None
            oldest = stored.fetched_at if oldest is None else min(oldest, stored.fetched_at)
            url = stored.next_url if query.paged else None
        return None if oldest is None else Reading(joined(pages), oldest, changed=False)

    def job_log(self, repository: RepositoryId, job_id: int) -> AsyncGenerator[bytes, None]:
        """Returns the log of a completed job piece by piece; close it (`contextlib.aclosing`) when you stop early.

        Raises:
            SourceError: `not_found` when there is no log (yet, or any more), else as `fetch`; also while it is read.
        """
        return logs.job_log(self.gate, repository, job_id)

    async def post(self, path: str, json: Any, what: str, right: str = "Actions: write") -> Answer:
        """Sends one POST, as `write` does."""
        return await self.write("POST", path, json, what, right)

    async def write(self, method: str, path: str, json: Any, what: str, right: str = "Actions: write") -> Answer:
        """Sends one write, once, and returns its answer, which is a 2xx.

        Args:
            method: `POST`, `PUT` or `DELETE`.
            path: under the API's base URL, parts quoted.
            json: the body, or None for none.
            what: the thing to be done, to stand after "to": `cancel run 7 of octo/hello`.
            right: the right that a fine-grained token needs for it.

        Raises:
            SourceError: not sent, refused, or `outcome_unknown`.
        """
        answer = await self.gate.write(method, path, what, json)
        if not 200 <= answer.status < 300:
            raise SourceError(refusals.write_problem(self.host, answer, what, right))
        return answer

    async def close(self) -> None:
        """Stops what is being asked and closes the connections."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.gate.connection.close()

    def _landed(self, url: str, flight: _Flight) -> None:
        if self._flights.get(url) is flight:
            del self._flights[url]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # marks it as seen when nobody waits for it any more

    async def _read(self, query: Query[T], url: str) -> Reading[T]:
        known = self._known_pages(query, url) if query.is_settled is not None else []
        if len(known) > 1:
            return await self._read_one_of(query, known)
        return await self._read_all(query, url)

    def _known_pages(self, query: Query[Any], url: str) -> list[tuple[str, _Page]]:
        """Returns the pages with their addresses as they were last read with this token; empty when one is missing."""
        pages: list[tuple[str, _Page]] = []
        address: str | None = url
        while address is not None and len(pages) < PAGES:
            if address in dict(pages):
                return []
            page = self._known(query, address)
            if page is None or page.credential != self.gate.fingerprint():
                return []
            pages.append((address, page))
            address = page.next_url
        return pages

    async def _read_one_of(self, query: Query[T], pages: list[tuple[str, _Page]]) -> Reading[T]:
        """Asks for one of the pages that can change; the last can always, for what is new comes behind it."""
        settled = query.is_settled
        assert settled is not None
        open_pages = [at for at, (_, page) in enumerate(pages) if page.next_url is None or not settled(page.data)]
        first = pages[0][0]
        turn = self._turns[first] = self._turns.get(first, -1) + 1
        at = open_pages[turn % len(open_pages)] if open_pages else len(pages) - 1
        before = [cast("T", page.data) for _, page in pages[:at]]
        behind = [cast("T", page.data) for _, page in pages[at + 1 :]]
        address, known = pages[at]
        page, is_new = await self._read_page(query, address)
        if page.next_url != known.next_url:  # the list has grown or shrunk
            rest = page.next_url if len(before) + 1 < PAGES else None
            behind, is_new = ([(await self._read_all(query, rest)).data] if rest is not None else []), True
        return Reading(joined([*before, cast("T", page.data), *behind]), self._clock.now(), is_new)

    async def _read_all(self, query: Query[T], url: str) -> Reading[T]:
        pages: list[T] = []
        changed = False
        seen: set[str] = set()
        address: str | None = url
        while address is not None and address not in seen and len(pages) < PAGES:
            seen.add(address)
            page, is_new = await self._read_page(query, address)
            pages.append(cast("T", page.data))
            changed = changed or is_new
            address = page.next_url if query.paged else None
        return Reading(joined(pages), self._clock.now(), changed)

    async def _read_page(self, query: Query[Any], url: str) -> tuple[_Page, bool]:
        """Returns the page, and whether it differs from the one that was there before."""
        known = self._known(query, url)
        mine = known is not None and known.credential == self.gate.fingerprint()
        etag = known.etag if known is not None and mine else None
        answer = await self._get(query, url, {"If-None-Match": etag} if etag else {})
        if answer.status == 304 and known is not None and etag:
            self._bodies.touch(url, self._clock.now())
            return known, False
        if answer.status == 304:
            # Some cache on the way answers for somebody else: ask once past it.
            answer = await self._get(query, url, {"Cache-Control": "no-cache"})
        if answer.status != 200:
            if answer.status == 304:
                sentence = f"{self.host} says that {query.what} did not change, but was not asked that."
                raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence, status=304))
            told = query.read_refusal(answer.status, message_of(answer.body)) if query.read_refusal else None
            if told is not None:
                return _Page(told, None, self.gate.fingerprint(), None), True
            problem = refusals.read_problem(self.host, answer, query.what, query.right, authorized=self.gate.authorized)
            raise SourceError(replace(problem, retry_at=self.budget.blocked_until))
        stored = StoredBody(
            answer.body, _etag(answer), self.gate.fingerprint(), self._clock.now(), self._next(answer, url)
        )
        page = self._parse(query, url, stored)  # before it is stored: an unreadable body must not get a 304 later
        self._bodies.save(url, stored)
        return page, known is None or (known.data, known.next_url) != (page.data, page.next_url)

    async def _get(self, query: Query[Any], url: str, headers: dict[str, str]) -> Answer:
        """Follows one redirect on the same origin: a renamed repository answers with where it went."""
        answer = await self.gate.get(self._moved.get(url, url), query.what, headers)
        if answer.status in _MOVED:
            target = resolved(answer.url, answer.headers.get("location", ""))
            if not same_origin(target, self.api_url) or target == answer.url:
                return answer
            if answer.status in _MOVED_FOR_GOOD:
                self._moved[url] = target
            answer = await self.gate.get(target, query.what, headers)
        if answer.status not in (200, 304):
            self._moved.pop(url, None)
        return answer

    def _known(self, query: Query[Any], url: str) -> _Page | None:
        page = self._pages.get((url, query.what))
        if page is not None:
            self._pages.move_to_end((url, query.what))
            return page
        stored = self._bodies.load(url)
        if stored is not None:
            with contextlib.suppress(SourceError):  # stored by another version: as if it were not there
                return self._remember(query, url, stored)
        return None

    def _remember(self, query: Query[Any], url: str, stored: StoredBody) -> _Page:
        page = self._pages.get((url, query.what))
        if page is None or page.etag is None or (page.etag, page.credential) != (stored.etag, stored.credential):
            return self._parse(query, url, stored)
        return page

    def _parse(self, query: Query[Any], url: str, stored: StoredBody) -> _Page:
        page = _Page(query.read(stored.body), stored.etag, stored.credential, stored.next_url)
        self._pages[(url, query.what)] = page
        self._pages.move_to_end((url, query.what))
        while len(self._pages) > _REMEMBERED:
            self._pages.popitem(last=False)
        return page

    def _next(self, answer: Answer, asked: str) -> str | None:
        address = next_page(answer.headers.get("link", ""), asked)
        return address if address is not None and same_origin(address, self.api_url) else None


def _etag(answer: Answer) -> str | None:
    etag = answer.headers.get("etag", "")
    return etag if 2 < len(etag) <= 200 and _ETAG_CHARACTERS.issuperset(etag) else None
