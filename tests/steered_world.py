"""The demo world and a clock that jumps to whatever is waited for next: a story of minutes takes seconds."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from cidash.config.load import load_text
from cidash.config.model import Config
from cidash.demo.github.create import GitHubDemo, create_github
from cidash.demo.jira import JiraDemo, create_jira
from cidash.demo.loopback import Loopback
from cidash.demo.serve import config_text
from cidash.domain.clock import Clock
from cidash.domain.repository import RepositoryId
from cidash.engine.assembly import build
from cidash.engine.engine import Engine

QUIET_TURNS = 30
"""Turns of the event loop without anything under way before time jumps."""


class SteeredClock:
    """Wall and monotonic time that only `steer` moves; `sleep` waits for it."""

    def __init__(self, start: datetime | None = None) -> None:
        self.start = self._now = start or datetime.now(UTC).replace(microsecond=0)
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._numbers = itertools.count()
        self.under_way = 0
        """Requests that were sent and not yet answered: time stands still for them."""

    def now(self) -> datetime:
        """Returns the story's moment."""
        return self._now

    def monotonic(self) -> float:
        """Returns the story's seconds."""
        return (self._now - self.start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Waits until the story has come that far."""
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self.monotonic() + max(0.0, seconds), next(self._numbers), woken))
        await woken.wait()

    async def steer(self) -> None:
        """Jumps from one awaited moment to the next, whenever nothing else is under way, until it is cancelled."""
        quiet = 0
        while True:
            await asyncio.sleep(0 if self.under_way == 0 else 0.001)
            quiet = quiet + 1 if self.under_way == 0 else 0
            if quiet < QUIET_TURNS:
                continue
            quiet = 0
            if not self._sleepers:
                await asyncio.sleep(0.001)
                continue
            moment, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, self.start + timedelta(seconds=moment))
            woken.set()

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[None]":
        """Steers while the block runs."""
        task = asyncio.create_task(self.steer())
        try:
            with self._counting():
                yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Counts what is under way, from the request to the end of its answer."""
        handle, close = httpx.AsyncClient.send, httpx.Response.aclose
        open_answers: set[int] = set()

        async def send(client: httpx.AsyncClient, *args: Any, **kwargs: Any) -> httpx.Response:
            self.under_way += 1
            try:
                answer = await handle(client, *args, **kwargs)
            except BaseException:
                self.under_way -= 1
                raise
            if answer.is_closed:
                self.under_way -= 1
            else:
                open_answers.add(id(answer))
            return answer

        async def aclose(answer: httpx.Response) -> None:
            try:
                await close(answer)
            finally:
                if id(answer) in open_answers:
                    open_answers.discard(id(answer))
                    self.under_way -= 1

        with patch.object(httpx.AsyncClient, "send", send), patch.object(httpx.Response, "aclose", aclose):
            yield


@dataclass
class DemoWorld:
    """The demo's servers on loopback, by the given clock."""

    github: GitHubDemo
    jira: JiraDemo
    github_url: str
    jira_url: str
    clock: Clock
    config: Config

    @property
    def repository(self) -> RepositoryId:
        """The demo's only repository."""
        return self.config.repositories[0].id

    def engine(self, history: Path | None) -> Engine:
        """Returns an engine on this world, by its clock, not yet opened."""
        return build(self.config, [self.repository], {}, self.clock, history)


@contextmanager
def demo_world(clock: Clock, folder: Path, pace: float = 1.0) -> Iterator[DemoWorld]:
    """Serves the demo world by this clock until the block ends."""
    jira = create_jira("review", pace, 40, clock.now)
    github = create_github("review", pace, 40, clock.now)
    loopback = Loopback(3)
    github_url, storage_url, jira_url = loopback.urls
    github.set_urls(github_url, storage_url, github_url)
    jira.set_url(jira_url)
    loopback.serve((github.api, github.storage, jira.app), dated=(github.api,))
    try:
        text = config_text(github_url, jira_url, folder / "history.sqlite3", pace)
        yield DemoWorld(github, jira, github_url, jira_url, clock, load_text(text, "the demo's config"))
    finally:
        loopback.stop()
