"""What to do next for a ticket: one short sentence, and the action that does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cidash.domain.ci import PullRequest
from cidash.domain.epic import StatusCategory, Ticket
from cidash.domain.state import State


class Doing(StrEnum):
    """What performs a step; the value is the key that is printed where no screen is (its default on the screen)."""

    RERUN = "R"
    LOG = "L"
    MERGE = "M"
    TRANSITION = "t"
    CREATE = "+"
    BROWSER = "o"
    NOTHING = ""


class Proof(StrEnum):
    """Whether the repository proves what the ticket claims. `unknown` until controls were read."""

    PROVEN = "proven"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the controls say about a ticket; `sentence` names what is missing: `lint is not on main`."""

    proof: Proof = Proof.UNKNOWN
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """The one thing to do next. `by` is nothing where only waiting helps or somebody else has to act."""

    sentence: str
    by: Doing = Doing.NOTHING


NOT_CREATED = Step("not created yet: create", Doing.CREATE)
_UNKNOWN = Evidence()

_RED = {
    State.ACTION_REQUIRED: Step("CI waits for approval", Doing.BROWSER),
    State.STARTUP_FAILURE: Step("CI could not start: check the workflow file", Doing.BROWSER),
    State.CANCELLED: Step("CI cancelled: re-run it", Doing.RERUN),
    State.TIMED_OUT: Step("CI timed out: re-run failed jobs", Doing.RERUN),
    State.STALE: Step("CI is stale: re-run it", Doing.RERUN),
}


def next_step(
    ticket: Ticket, pulls: Sequence[PullRequest], checks: Mapping[int, State | None], main: State | None = None
) -> str:
    """Returns the sentence of `step_of`."""
    return step_of(ticket, pulls, checks, main).sentence


def step_of(
    ticket: Ticket,
    pulls: Sequence[PullRequest],
    checks: Mapping[int, State | None],
    main: State | None = None,
    evidence: Evidence = _UNKNOWN,
) -> Step:
    """Returns the next step for the ticket.

    Args:
        ticket: the ticket.
        pulls: its pull requests, open or not, the most telling first (as `pulls_of_ticket` gives them).
        checks: the state of each pull request's head commit by pull request number, as `checks_of` gives it.
        main: the state of the default branch's newest commit; None when it is not known.
        evidence: what the controls say.
    """
    pull = next((pull for pull in pulls if pull.state == "open" and not pull.merged), None)
    if ticket.is_done:
        return _of_done(pull, evidence)
    state = None if pull is None else checks.get(pull.number)
    if state is not None and state.is_red:
        return _RED.get(state, Step("CI failed: re-run failed jobs", Doing.RERUN))
    blockers = [link.key for link in ticket.links if link.blocks_me and not _is_done(link.status.category)]
    if blockers:
        return Step(f"blocked by {', '.join(blockers)}")
    return _without_open_pull(pulls, main) if pull is None else _of_open_pull(pull, state)


def _of_done(pull: PullRequest | None, evidence: Evidence) -> Step:
    if pull is not None:
        return Step(f"done, but #{pull.number} is still open", Doing.BROWSER)
    if evidence.proof is Proof.MISSING:
        return Step(f"Done in Jira, but {evidence.sentence}", Doing.TRANSITION)
    return Step("done")


def _without_open_pull(pulls: Sequence[PullRequest], main: State | None) -> Step:
    if any(pull.merged for pull in pulls):
        if main is None or main is State.UNKNOWN:
            return Step("merged: move to Done", Doing.TRANSITION)
        if main.is_red:
            return Step("merged, but main is red: mend that first", Doing.LOG)
        if main.is_active:
            return Step("merged: wait until main is green")
        return Step("merged and main green: move to Done", Doing.TRANSITION)
    return Step(f"#{pulls[0].number} was closed without a merge") if pulls else Step("no pull request yet")


def _of_open_pull(pull: PullRequest, state: State | None) -> Step:
    if state is None:
        return Step("CI has not reported")
    if state.is_active:
        return Step("CI running")
    if not state.is_green:
        return Step("CI state unknown")
    if pull.draft:
        return Step(f"CI green: mark #{pull.number} as ready", Doing.BROWSER)
    hindrance = {
        "dirty": f"CI green: resolve the conflicts of #{pull.number}",
        "behind": f"CI green: update #{pull.number} from {pull.base_branch}",
        "blocked": f"CI green: #{pull.number} still needs a review or check",
    }.get(pull.mergeable_state or "")
    if hindrance:
        return Step(hindrance, Doing.BROWSER)
    return Step(f"CI green: merge #{pull.number}", Doing.MERGE)


def _is_done(category: StatusCategory) -> bool:
    return category is StatusCategory.DONE
