"""The rate limit: what is counted, when nothing may be sent, and for how long, with a clock that the test moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.github import queries
from cidash.github.client import GitHubClient
from cidash.github.limits import Limits

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
NOON_EPOCH = int(NOON.timestamp())


class FixedClock:
    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def fixed() -> FixedClock:
    return FixedClock()


@pytest.fixture
def limits(fixed: FixedClock) -> Limits:
    return Limits("github.com", fixed, authorized=True)


def headers(remaining: int = 4000, used: int = 1000, reset: int = NOON_EPOCH + 1800, **more: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-used": str(used),
        "x-ratelimit-reset": str(reset),
        "x-ratelimit-resource": "core",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def test_numbers_come_from_every_answer(limits: Limits) -> None:
    limits.note(limits.begin(), 200, headers(4000, 1000))
    limits.note(limits.begin(), 304, headers(3999, 1001))
    budget = limits.budget

    assert (budget.limit, budget.remaining, budget.charged, budget.total) == (5000, 3999, 1, 2)
    assert budget.reset_at == NOON + timedelta(minutes=30)
    assert budget.blocked_until is None


def test_what_github_did_not_count_was_free(limits: Limits) -> None:
    limits.note(limits.begin(), 200, headers(used=10))
    limits.note(limits.begin(), 200, headers(used=10))  # such as /rate_limit
    limits.note(limits.begin(), 404, headers(used=11))
    limits.note(limits.begin(), 200, headers(used=40))  # another program spent some meanwhile
    limits.note(limits.begin(), 200, headers(used=1, reset=NOON_EPOCH + 5400))  # a new hour has begun

    assert limits.budget.charged == 4


def test_answers_that_overtake_each_other(limits: Limits) -> None:
    limits.note(limits.begin(), 200, headers(used=10, remaining=4990))
    first, second = limits.begin(), limits.begin()
    limits.note(second, 200, headers(used=12, remaining=4988))
    limits.note(first, 200, headers(used=11, remaining=4989))

    assert (limits.budget.remaining, limits.budget.charged) == (4988, 3)


def test_a_304_without_a_token_is_charged(fixed: FixedClock) -> None:
    limits = Limits("github.com", fixed, authorized=False)
    limits.note(limits.begin(), 304, {})

    assert limits.budget.charged == 1


def test_another_bucket_says_nothing_of_this_one(limits: Limits) -> None:
    limits.note(limits.begin(), 200, headers())
    limits.note(limits.begin(), 200, headers(remaining=3, x_ratelimit_resource="search"))
    until = limits.note(limits.begin(), 403, headers(remaining=0, x_ratelimit_resource="search"))

    assert (limits.budget.remaining, limits.budget.blocked_until) == (4000, None)
    assert until == NOON + timedelta(seconds=1801)


@pytest.mark.parametrize("nonsense", ["", "many", "-1", "nan", "inf", "1e99"])
def test_headers_that_make_no_sense(limits: Limits, nonsense: str) -> None:
    odd = dict.fromkeys(headers(), nonsense) | {
        "x-ratelimit-resource": "core",
        "date": nonsense,
        "retry-after": nonsense,
    }
    limits.note(limits.begin(), 200, odd)
    until = limits.note(limits.begin(), 429, odd)

    assert limits.budget.limit is None
    assert until is not None
    assert NOON < until <= NOON + timedelta(seconds=60)


def test_numbers_with_a_decimal_point(limits: Limits) -> None:
    limits.note(limits.begin(), 200, headers() | {"x-ratelimit-remaining": "4000.0"})

    assert limits.budget.remaining == 4000


@pytest.mark.parametrize("status", [403, 429])
def test_the_primary_limit_is_waited_for(limits: Limits, fixed: FixedClock, status: int) -> None:
    until = limits.note(limits.begin(), status, headers(0, 5000), "API rate limit exceeded for user ID 1.")
    assert until == limits.budget.blocked_until == NOON + timedelta(seconds=1801)

    with pytest.raises(SourceError) as raised:
        limits.begin()
    assert raised.value.problem.kind is ProblemKind.RATE_LIMITED
    assert raised.value.problem.retry_at == until
    expected = "github.com counts 5,000 requests an hour, and they are used up: it is asked again at 12:30:01 UTC."
    assert str(raised.value) == expected
    assert limits.budget.total == 1

    fixed.moment = NOON + timedelta(seconds=1801)
    assert limits.budget.blocked_until is None
    limits.note(limits.begin(), 200, headers(4999, 1, NOON_EPOCH + 5400))
    assert limits.budget.remaining == 4999


def test_the_last_answer_before_the_limit_blocks_as_well(limits: Limits) -> None:
    assert limits.note(limits.begin(), 200, headers(0, 5000)) is None
    assert limits.budget.blocked_until == NOON + timedelta(seconds=1801)


def test_without_a_token_the_sentence_says_that_one_helps(fixed: FixedClock) -> None:
    limits = Limits("github.com", fixed, authorized=False)
    limits.note(limits.begin(), 403, headers(0, 60))

    with pytest.raises(SourceError, match="A token raises the limit"):
        limits.begin()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30), ("0", 1), ("Fri, 20 Nov 2026 12:02:00 GMT", 120), ("Fri, 20 Nov 2026 11:00:00 GMT", 1)],
)
@pytest.mark.parametrize("status", [403, 429, 503])
def test_retry_after_is_obeyed(limits: Limits, status: int, value: str, seconds: int) -> None:
    until = limits.note(limits.begin(), status, {"retry-after": value}, "You have exceeded a secondary rate limit")

    assert until == limits.budget.blocked_until == NOON + timedelta(seconds=seconds)


def test_dates_are_of_the_servers_clock(limits: Limits) -> None:
    """The server is five minutes ahead: what it says is translated, so that we wait as long as it means."""
    ahead = {"date": "Fri, 20 Nov 2026 12:05:00 GMT"}
    until = limits.note(limits.begin(), 429, {"retry-after": "Fri, 20 Nov 2026 12:06:00 GMT", **ahead})
    assert limits.server_offset_seconds == 300.5
    assert until == NOON + timedelta(seconds=59.5)

    other = Limits("github.com", FixedClock(), authorized=True)
    other.note(other.begin(), 200, headers(reset=NOON_EPOCH + 600) | ahead)
    assert other.budget.reset_at == NOON + timedelta(seconds=299.5)


def test_the_secondary_limit_doubles_until_an_answer_is_good(limits: Limits, fixed: FixedClock) -> None:
    waits = []
    for _ in range(6):
        until = limits.note(limits.begin(), 403, headers(), "You have exceeded a secondary rate limit.")
        assert until is not None
        waits.append((until - fixed.moment).total_seconds())
        fixed.moment = until
    assert waits == [60, 120, 240, 480, 900, 900]

    limits.note(limits.begin(), 200, headers())
    until = limits.note(limits.begin(), 429, {}, "")
    assert until == fixed.moment + timedelta(seconds=60)


def test_requests_that_were_out_together_count_as_one_warning(limits: Limits, fixed: FixedClock) -> None:
    first, second, third = limits.begin(), limits.begin(), limits.begin()
    until = limits.note(first, 429, {})
    assert limits.note(second, 429, {}) == until == NOON + timedelta(seconds=60)
    limits.note(third, 200, headers())
    assert limits.budget.blocked_until == until

    fixed.moment = NOON + timedelta(seconds=60)
    assert limits.note(limits.begin(), 429, {}) == fixed.moment + timedelta(seconds=120)


def test_a_403_that_is_no_limit_blocks_nothing(limits: Limits) -> None:
    assert limits.note(limits.begin(), 403, headers(), "Must have admin rights to Repository.") is None
    assert limits.note(limits.begin(), 500, headers()) is None
    assert limits.budget.blocked_until is None


async def test_a_limited_client_sends_nothing_and_resumes_by_itself(
    server: Any, client: GitHubClient, clock: Any, repository: RepositoryId
) -> None:
    limited = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'
    server.answers(server.reply(403, limited), server.json({"default_branch": "main"}))
    query = queries.repository(repository)

    for _ in range(3):
        with pytest.raises(SourceError) as raised:
            await client.fetch(query)
        assert raised.value.problem.kind is ProblemKind.RATE_LIMITED
        assert raised.value.problem.retry_at == client.budget.blocked_until == NOON + timedelta(seconds=60)
    with pytest.raises(SourceError, match="asked again at 12:01:00 UTC"):
        await client.post("/x", None, "do something")
    assert len(server.asked) == 1

    clock.pass_seconds(60)
    assert (await client.fetch(query)).data == "main"
    assert client.budget.blocked_until is None
    assert (client.budget.charged, client.budget.total) == (2, 2)
