"""The rate limit of one host: what its answers say of it, what cidash was charged, and when it may ask again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.snapshot import Budget
from cidash.transport.waiting import retry_after

SECONDARY_SECONDS = 60.0
SECONDARY_LONGEST_SECONDS = 900.0
_CORE = ("", "core")
_LIMITED = (403, 429)
_MINOR_SKEW_SECONDS = 2.0  # a Date header is in whole seconds, so that smaller differences mean nothing


@dataclass(frozen=True, slots=True)
class Sent:
    """A request on its way: its number, counted from 1, and what the limit had counted when it left."""

    number: int
    used: int | None
    reset: int | None


@dataclass(frozen=True, slots=True)
class _Numbers:
    limit: int | None
    remaining: int | None
    used: int | None
    reset: int | None


class Limits:
    """Follows the answers of one host. Times in the budget are of this machine's clock, whatever the server's says."""

    def __init__(self, host: str, clock: Clock, *, authorized: bool) -> None:
        self.server_offset_seconds: float | None = None
        """How far the server's clock is ahead of ours; None before the first answer."""
        self._host = host
        self._clock = clock
        self._authorized = authorized
        self._budget = Budget(host)
        self._told_by = 0
        self._used: int | None = None
        self._reset: int | None = None
        self._strikes = 0
        self._struck_at = 0
        self._why = ""

    @property
    def budget(self) -> Budget:
        """The budget as the newest answer left it; a block that is over is not in it any more."""
        until = self._budget.blocked_until
        if until is not None and until <= self._clock.now():
            self._budget = replace(self._budget, blocked_until=None)
        return self._budget

    def begin(self) -> Sent:
        """Counts a request that is about to be sent and returns its mark, to be handed to `note` with its answer.

        Raises:
            SourceError: `rate_limited`: it must not be sent yet.
        """
        until = self.budget.blocked_until
        if until is not None:
            raise SourceError(self.problem(until))
        self._budget = replace(self._budget, total=self._budget.total + 1)
        return Sent(self._budget.total, self._used, self._reset)

    def note(self, sent: Sent, status: int, headers: Mapping[str, str], message: str = "") -> datetime | None:
        """Takes in an answer's status and headers (names in lower case), and a refusal's message.

        Returns:
            The moment before which the host wants no further request, if this answer says so.
        """
        now = self._clock.now()
        self._note_date(headers, now)
        numbers = _numbers(headers) if headers.get("x-ratelimit-resource", "") in _CORE else None
        budget = replace(self._budget, charged=self._budget.charged + self._was_charged(sent, status, numbers))
        if numbers is not None and sent.number > self._told_by:
            # Answers overtake each other: the request that left last tells the newest numbers.
            self._told_by = sent.number
            self._used, self._reset = numbers.used, numbers.reset
            reset_at = self._local(numbers.reset, now)
            budget = replace(budget, limit=numbers.limit, remaining=numbers.remaining, reset_at=reset_at)
        until = self._retry_at(sent, status, headers, message, now)
        of_core = headers.get("x-ratelimit-resource", "") in _CORE or "retry-after" in headers
        if until is not None and of_core and (budget.blocked_until is None or until > budget.blocked_until):
            budget = replace(budget, blocked_until=until)
        self._budget = budget
        return until if status in _LIMITED or status >= 500 else None

    def problem(self, until: datetime, status: int | None = None) -> Problem:
        """Returns the problem that stands until that moment, with the reason that the host gave."""
        more = "" if self._authorized else " A token raises the limit from 60 to 5,000 requests an hour."
        sentence = f"{self._host} {self._why}: it is asked again at {until:%H:%M:%S} UTC.{more}"
        return Problem(ProblemKind.RATE_LIMITED, sentence, retry_at=until, status=status)

    def _was_charged(self, sent: Sent, status: int, numbers: _Numbers | None) -> bool:
        """GitHub's own count decides where it can: it did not move while this request was out, so this one was free."""
        if status == 304 and self._authorized:
            return False
        if numbers is None or numbers.used is None or sent.used is None or sent.reset != numbers.reset:
            return True
        return numbers.used > sent.used

    def _retry_at(
        self, sent: Sent, status: int, headers: Mapping[str, str], message: str, now: datetime
    ) -> datetime | None:
        if status in _LIMITED or status >= 500:
            asked = self._asked_to_wait(headers, now)
            if asked is not None:
                self._why = "asked to wait"
                return asked
        if status >= 500:
            return None
        if headers.get("x-ratelimit-remaining", "").strip() == "0":
            return self._used_up(status, headers, now)
        if status in _LIMITED:
            if status == 429 or "rate limit" in message.lower() or "abuse" in message.lower():
                return self._secondary(now)
        elif status < 400 and sent.number > self._struck_at:
            self._strikes = 0
        return None

    def _asked_to_wait(self, headers: Mapping[str, str], now: datetime) -> datetime | None:
        skew = self._skew()
        asked = retry_after(headers, now + skew)
        return None if asked is None else max(asked - skew, now + timedelta(seconds=1))

    def _used_up(self, status: int, headers: Mapping[str, str], now: datetime) -> datetime | None:
        """The hourly limit is at its end; also when this answer was still given, the next one will not be."""
        reset_at = self._local(_whole(headers.get("x-ratelimit-reset")), now)
        if headers.get("x-ratelimit-resource", "") not in _CORE and status not in _LIMITED:
            return None
        if reset_at is None or reset_at < now:
            return now + timedelta(seconds=SECONDARY_SECONDS) if status in _LIMITED else None
        limit = _whole(headers.get("x-ratelimit-limit"))
        self._why = (
            f"counts {limit:,} requests an hour, and they are used up" if limit else "has no requests left for us"
        )
        return reset_at + timedelta(seconds=1)  # it is not known when in that second the count starts anew

    def _secondary(self, now: datetime) -> datetime:
        """One minute, doubled each time that it happens again; requests that were out together count once."""
        blocked = self._budget.blocked_until
        if blocked is not None and blocked > now:
            return blocked
        seconds = min(SECONDARY_SECONDS * 2**self._strikes, SECONDARY_LONGEST_SECONDS)
        self._strikes = min(self._strikes + 1, 10)
        self._struck_at = self._budget.total
        self._why = "finds that we ask too fast (secondary rate limit)"
        return now + timedelta(seconds=seconds)

    def _note_date(self, headers: Mapping[str, str], now: datetime) -> None:
        try:
            date = parsedate_to_datetime(headers.get("date", ""))
        except (TypeError, ValueError):
            return
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        self.server_offset_seconds = (date - now).total_seconds() + 0.5

    def _skew(self) -> timedelta:
        offset = self.server_offset_seconds or 0.0
        return timedelta(seconds=offset if abs(offset) >= _MINOR_SKEW_SECONDS else 0.0)

    def _local(self, epoch: int | None, now: datetime) -> datetime | None:
        if epoch is None:
            return None
        moment = datetime.fromtimestamp(epoch, UTC) - self._skew()
        return moment if abs((moment - now).total_seconds()) <= 86_400 else None


def _numbers(headers: Mapping[str, str]) -> _Numbers | None:
    numbers = _Numbers(
        *(_whole(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "used", "reset"))
    )
    return None if numbers.limit is None or numbers.remaining is None else numbers


def _whole(text: str | None) -> int | None:
    """GitHub has been seen to send such numbers with a decimal point."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return int(number) if math.isfinite(number) and 0 <= number < 2**33 else None
