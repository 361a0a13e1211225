"""What blocks a merge, read from the demo's GitHub: its switches, its refusals, and what the questions cost."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import pytest

from cidash.analysis.merge_blockers import merge_blockers
from cidash.demo.github import ADMIN_TOKEN, READONLY_TOKEN
from cidash.demo.github.model import Protection, Review, Ruleset
from cidash.demo.serve import DemoServers, start
from cidash.domain.merge import DemandSource, MergeState, MergeVerdict
from cidash.domain.repository import RepositoryId
from cidash.domain.secret import Secret
from cidash.domain.snapshot import Part, SourceState
from cidash.engine.board import Board
from cidash.engine.merge_poll import MergePoll
from cidash.github.client import GitHubClient
from cidash.transport.bodies import MemoryBodies

REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
NUMBER = 43
REQUIRED = ("test",)


@pytest.fixture
def demo() -> Iterator[DemoServers]:
    with start() as servers:
        yield servers


class Watch:
    """One poll on a board of its own, asked as a holder of one of the demo's tokens."""

    def __init__(self, demo: DemoServers, token: str, clock: object) -> None:
        self.client = GitHubClient("github.com", demo.github_url, Secret(token), MemoryBodies(), clock)  # type: ignore[arg-type]
        self.board = Board(clock, [REPOSITORY], has_jira=False)  # type: ignore[arg-type]
        self.poll = MergePoll(REPOSITORY, self.client, self.board, clock)  # type: ignore[arg-type]

    async def part(self, number: int = NUMBER) -> Part[MergeState]:
        await self.poll.round([number])
        return self.board.repository(REPOSITORY).merge[number]

    async def state(self, number: int = NUMBER) -> MergeState:
        found = (await self.part(number)).data
        assert found is not None
        return found

    async def sentences(self, number: int = NUMBER) -> list[str]:
        return [one.sentence for one in merge_blockers(await self.state(number))]


@pytest.fixture
async def watch(demo: DemoServers, clock: object) -> AsyncIterator[Callable[..., Watch]]:
    made: list[Watch] = []

    def make(token: str = ADMIN_TOKEN) -> Watch:
        made.append(Watch(demo, token, clock))
        return made[-1]

    yield make
    for one in made:
        await one.client.close()


async def settled(one: Watch, clock: object, number: int = NUMBER) -> None:
    """GitHub answers the first question with null."""
    await one.part(number)
    await clock.sleep(4)  # type: ignore[attr-defined]


def required_by_rules(*contexts: str, approvals: int = 0) -> Ruleset:
    checks = [{"context": name, "integration_id": 15368} for name in contexts]
    policy = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
    rules: tuple[dict[str, object], ...] = ({"type": "required_status_checks", "parameters": policy},)
    if approvals:
        rules += ({"type": "pull_request", "parameters": {"required_approving_review_count": approvals}},)
    return Ruleset(7, "main", rules)


async def test_the_first_answer_is_unknown_and_then_nothing_blocks(
    demo: DemoServers, clock: object, watch: Callable[..., Watch]
) -> None:
    one = watch()
    assert await one.sentences() == ["GitHub is still working out whether it can be merged"]
    await clock.sleep(4)  # type: ignore[attr-defined]
    state = await one.state()
    assert merge_blockers(state) == ()
    assert state.requirements.checks.is_certain
    assert state.head_sha == demo.github.world.pulls[NUMBER].head_sha


async def test_classic_protection_for_an_administrator(
    demo: DemoServers, clock: object, watch: Callable[..., Watch]
) -> None:
    world = demo.github.world
    world.protection["main"] = Protection(contexts=(*REQUIRED, "scan"), reviews=1)
    one = watch()
    await settled(one, clock)
    assert await one.sentences() == ["1 approval missing", "scan is required but has not reported"]
    world.pulls[NUMBER].reviews.append(Review(1, "noor", "APPROVED", "", "", datetime.now(UTC)))
    await clock.sleep(12)  # type: ignore[attr-defined]
    assert await one.sentences() == ["scan is required but has not reported"]


async def test_rulesets_are_readable_without_rights_and_classic_stays_unknown(
    demo: DemoServers, clock: object, watch: Callable[..., Watch]
) -> None:
    demo.github.world.rulesets.append(required_by_rules(*REQUIRED, approvals=1))
    demo.github.world.protection["main"] = Protection(contexts=("test",), reviews=2)
    one = watch(READONLY_TOKEN)
    await settled(one, clock)
    state = await one.state()
    assert [(one.check.name, one.check.app_id, one.sources) for one in state.requirements.checks.value] == [
        ("test", 15368, (DemandSource.RULES, DemandSource.BRANCH))
    ]
    assert state.requirements.approvals.value == 1
    assert state.requirements.approvals.unread == (DemandSource.CLASSIC,)
    assert await one.sentences() == [
        "1 approval missing", "how many approvals are needed is unknown: classic protection can't be read",
    ]  # fmt: skip
    assert [unread.what for unread in state.unread] == ["classic"]


@pytest.mark.parametrize("status", [403, 404])
async def test_without_rights_an_unprotected_branch_is_known_to_be_unprotected(
    demo: DemoServers, clock: object, watch: Callable[..., Watch], status: int
) -> None:
    demo.github.world.hidden_protection_status = status
    one = watch(READONLY_TOKEN)
    await settled(one, clock)
    assert (await one.state()).requirements.checks.is_certain
    assert await one.sentences() == []


async def test_a_refusal_is_not_asked_again_for_a_while_and_the_rest_is_free(
    demo: DemoServers, clock: object, watch: Callable[..., Watch]
) -> None:
    one = watch(READONLY_TOKEN)
    await settled(one, clock)
    await one.part()
    log = demo.github.world.requests
    log.clear()
    for _ in range(20):
        await clock.sleep(15)  # type: ignore[attr-defined]
        await one.part()
    assert log.charged == 0
    assert not [route for route in log.by_route if route.endswith("/protection")]
    assert log.total <= 20 * 6


async def test_conflicts_draft_and_behind(demo: DemoServers, clock: object, watch: Callable[..., Watch]) -> None:
    pull = demo.github.world.pulls[NUMBER]
    pull.conflicts = True
    one = watch()
    await settled(one, clock)
    assert await one.sentences() == ["conflicts with main"]
    pull.conflicts, pull.draft = False, True
    await clock.sleep(12)  # type: ignore[attr-defined]
    assert await one.sentences() == ["draft"]
    pull.draft = False
    demo.github.world.protection["main"] = Protection(contexts=("test", "gone"), strict=True)
    await clock.sleep(40)  # type: ignore[attr-defined]
    assert await one.sentences() == ["behind main by 1 commit", "gone is required but has not reported"]


async def test_an_outage_keeps_what_was_known_and_says_so(
    demo: DemoServers, clock: object, watch: Callable[..., Watch]
) -> None:
    from starlette.responses import Response

    one = watch()
    await settled(one, clock)
    before = await one.state()
    demo.github.world.faults.append(lambda request: Response("{}", 502))
    await clock.sleep(40)  # type: ignore[attr-defined]
    part = await one.part()
    assert part.state is SourceState.FAILING
    assert part.data == before


async def test_unreadable_everything_is_never_clear(
    demo: DemoServers, clock: object, watch: Callable[..., Watch]
) -> None:
    from starlette.responses import JSONResponse

    from cidash.analysis.merge_blockers import merge_verdict

    hidden = ("/rules/", "/branches/", "/reviews", "/check-runs", "/status")
    demo.github.world.faults.append(
        lambda request: (
            JSONResponse({"message": "Not Found"}, 404) if any(p in request.url.path for p in hidden) else None
        )
    )
    one = watch()
    await settled(one, clock)
    assert merge_verdict(merge_blockers(await one.state())) is MergeVerdict.UNKNOWN
