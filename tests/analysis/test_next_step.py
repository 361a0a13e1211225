"""One sentence on what to do next for a ticket."""

from collections.abc import Callable

import pytest

from cidash.analysis.next_step import next_step
from cidash.domain.ci import PullRequest
from cidash.domain.epic import StatusCategory, Ticket
from cidash.domain.state import State

MakePull = Callable[..., PullRequest]
MakeTicket = Callable[..., Ticket]
DONE, NEW, ACTIVE = StatusCategory.DONE, StatusCategory.NEW, StatusCategory.INDETERMINATE


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State.IN_PROGRESS, "CI running"),
        (State.QUEUED, "CI running"),
        (State.SUCCESS, "CI green: merge #38"),
        (State.FAILURE, "CI failed: re-run failed jobs"),
        (State.CANCELLED, "CI cancelled: re-run it"),
        (State.ACTION_REQUIRED, "CI waits for approval"),
        (State.STARTUP_FAILURE, "CI could not start: check the workflow file"),
        (State.UNKNOWN, "CI state unknown"),
        (None, "CI has not reported"),
    ],
)
def test_an_open_pull_request(make_ticket: MakeTicket, make_pull: MakePull, state: State | None, sentence: str) -> None:
    assert next_step(make_ticket(ACTIVE), [make_pull()], {38: state}) == sentence


@pytest.mark.parametrize("state", [*State, None])
def test_every_state_has_a_sentence(make_ticket: MakeTicket, make_pull: MakePull, state: State | None) -> None:
    assert next_step(make_ticket(ACTIVE), [make_pull()], {38: state})


def test_what_hinders_a_green_one(make_ticket: MakeTicket, make_pull: MakePull) -> None:
    def step(**changes: object) -> str:
        return next_step(make_ticket(), [make_pull(**changes)], {38: State.SUCCESS})

    assert step(draft=True) == "CI green: mark #38 as ready"
    assert step(mergeable_state="dirty") == "CI green: resolve the conflicts of #38"
    assert step(mergeable_state="behind") == "CI green: update #38 from main"
    assert step(mergeable_state="blocked") == "CI green: #38 still needs a review or check"
    assert step(mergeable_state="clean") == step(mergeable_state="word of tomorrow") == "CI green: merge #38"


def test_a_blocker_stops_the_merge_but_not_a_repair(make_ticket: MakeTicket, make_pull: MakePull) -> None:
    blocked = make_ticket(NEW, KAN_76=ACTIVE)
    assert next_step(blocked, [], {}) == "blocked by KAN-76"
    assert next_step(blocked, [make_pull()], {38: State.SUCCESS}) == "blocked by KAN-76"
    assert next_step(blocked, [make_pull()], {38: State.FAILURE}) == "CI failed: re-run failed jobs"
    assert next_step(make_ticket(NEW, KAN_76=ACTIVE, KAN_78=NEW), [], {}) == "blocked by KAN-76, KAN-78"
    assert next_step(make_ticket(NEW, KAN_76=DONE), [], {}) == "no pull request yet"


def test_past_pull_requests(make_ticket: MakeTicket, make_pull: MakePull) -> None:
    merged = make_pull(number=37, state="closed", merged=True)
    closed = make_pull(number=36, state="closed")
    assert next_step(make_ticket(), [merged], {}) == "merged: move to Done"
    assert next_step(make_ticket(), [closed, merged], {}) == "merged: move to Done"
    assert next_step(make_ticket(), [closed], {}) == "#36 was closed without a merge"
    assert next_step(make_ticket(), [merged, make_pull()], {38: State.QUEUED}) == "CI running"


def test_done(make_ticket: MakeTicket, make_pull: MakePull) -> None:
    assert next_step(make_ticket(DONE), [], {}) == "done"
    assert next_step(make_ticket(DONE), [make_pull(merged=True, state="closed")], {}) == "done"
    assert next_step(make_ticket(DONE), [make_pull()], {38: State.FAILURE}) == "done, but #38 is still open"
