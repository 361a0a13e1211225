"""Jira's rate limits: what may not be asked before when, by the reason that a 429 gives.

Two reasons mean "slow down this one call", two mean "stop everything until the hour turns". A limit is obeyed here,
before anything is sent.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.text import clean
from cidash.transport.connection import Answer
from cidash.transport.waiting import retry_after

_FIRST_WAIT_SECONDS = 4.0
_LONGEST_WAIT_SECONDS = 30.0
_EVERYTHING = ""
_DAY = timedelta(days=1)


class Limits:
    """What is blocked, until when. Scopes: one call, the writes to one ticket, or everything."""

    def __init__(self, clock: Clock, site: str) -> None:
        self._clock = clock
        self._site = site
        self._blocks: dict[str, Problem] = {}
        self._repeats: dict[str, int] = {}

    @property
    def blocked_until(self) -> datetime | None:
        """Until when nothing at all may be asked, or None."""
        problem = self._blocks.get(_EVERYTHING)
        until = problem.retry_at if problem else None
        return until if until is not None and until > self._clock.now() else None

    def check(self, call: str, ticket: str | None = None) -> None:
        """Does nothing when the call may be sent.

        Raises:
            SourceError: `rate_limited` (or what the server said when it asked us to wait), with `retry_at`.
        """
        for scope in _scopes(call, ticket):
            problem = self._blocks.get(scope)
            if problem is not None and problem.retry_at is not None and self._clock.now() < problem.retry_at:
                raise SourceError(problem)

    def passed(self, call: str, ticket: str | None = None) -> None:
        """Notes that the call was answered: the next wait starts short again."""
        for scope in _scopes(call, ticket):
            self._repeats.pop(scope, None)
            if scope in self._blocks and _end(self._blocks[scope]) <= self._clock.now():
                del self._blocks[scope]

    def hit(self, answer: Answer, call: str, ticket: str | None = None) -> Problem:
        """Blocks what a 429 names and returns the problem, with the moment from which to ask again."""
        now = self._clock.now()
        reason = clean(answer.headers.get("ratelimit-reason"), 60).lower()
        if reason == "jira-burst-based":
            scope, what = call, f"for {call}"
        elif reason == "jira-per-issue-on-write" and ticket is not None:
            scope, what = _writes_to(ticket), f"for writes to {ticket}"
        else:
            scope, what = _EVERYTHING, "for this user"
        until = _next_hour(now) if reason.startswith("jira-quota") else now + self._wait(scope)
        until = max(until, retry_after(answer.headers, now) or now, _reset(answer, now) or now)
        sentence = (
            f"Jira ({self._site}) has had too many requests {what}{f' ({reason})' if reason else ''}. "
            f"It can be asked again from {until:%H:%M:%S} UTC."
        )
        return self._block(scope, Problem(ProblemKind.RATE_LIMITED, sentence, retry_at=until, status=429))

    def pause(self, answer: Answer, problem: Problem) -> Problem:
        """Obeys a `Retry-After` on any other answer (Jira sends it with 503) and returns the problem with it."""
        until = retry_after(answer.headers, self._clock.now())
        if until is None:
            return problem
        waiting = replace(problem, retry_at=until)
        if problem.kind is ProblemKind.SERVER_ERROR:
            self._block(_EVERYTHING, waiting)
        return waiting

    def _wait(self, scope: str) -> timedelta:
        repeats = self._repeats.get(scope, 0)
        self._repeats[scope] = min(repeats + 1, 10)
        return timedelta(seconds=min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**repeats))

    def _block(self, scope: str, problem: Problem) -> Problem:
        earlier = self._blocks.get(scope)
        if earlier is None or _end(earlier) < _end(problem):
            self._blocks[scope] = problem
        return self._blocks[scope]


def _scopes(call: str, ticket: str | None) -> tuple[str, ...]:
    return (_EVERYTHING, call) if ticket is None else (_EVERYTHING, call, _writes_to(ticket))


def _writes_to(ticket: str) -> str:
    return f"write {ticket}"


def _end(problem: Problem) -> datetime:
    return problem.retry_at or datetime.min.replace(tzinfo=UTC)


def _next_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _reset(answer: Answer, now: datetime) -> datetime | None:
    """Returns the moment of `X-RateLimit-Reset` (ISO 8601), if it names one within a day."""
    try:
        moment = datetime.fromisoformat(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if now < moment < now + _DAY else None
