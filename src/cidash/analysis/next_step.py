"""What to do next for a ticket, in one short sentence."""

from collections.abc import Mapping, Sequence

from cidash.domain.ci import PullRequest
from cidash.domain.epic import StatusCategory, Ticket
from cidash.domain.state import State

_RED = {
    State.ACTION_REQUIRED: "CI waits for approval",
    State.STARTUP_FAILURE: "CI could not start: check the workflow file",
    State.CANCELLED: "CI cancelled: re-run it",
    State.TIMED_OUT: "CI timed out: re-run failed jobs",
    State.STALE: "CI is stale: re-run it",
}


def next_step(ticket: Ticket, pulls: Sequence[PullRequest], checks: Mapping[int, State | None]) -> str:
    """Returns the next step for the ticket.

    Args:
        ticket: the ticket.
        pulls: its pull requests, open or not, the most telling first (as `pulls_of_ticket` gives them).
        checks: the state of each pull request's head commit by pull request number, as `checks_of` gives it.
    """
    pull = next((pull for pull in pulls if pull.state == "open" and not pull.merged), None)
    if ticket.is_done:
        return "done" if pull is None else f"done, but #{pull.number} is still open"
    state = None if pull is None else checks.get(pull.number)
    if state is not None and state.is_red:
        return _RED.get(state, "CI failed: re-run failed jobs")
    blockers = [link.key for link in ticket.links if link.blocks_me and not _is_done(link.status.category)]
    if blockers:
        return f"blocked by {', '.join(blockers)}"
    return _without_open_pull(pulls) if pull is None else _of_open_pull(pull, state)


def _without_open_pull(pulls: Sequence[PullRequest]) -> str:
    if any(pull.merged for pull in pulls):
        return "merged: move to Done"
    return f"#{pulls[0].number} was closed without a merge" if pulls else "no pull request yet"


def _of_open_pull(pull: PullRequest, state: State | None) -> str:
    if state is None:
        return "CI has not reported"
    if state.is_active:
        return "CI running"
    if not state.is_green:
        return "CI state unknown"
    if pull.draft:
        return f"CI green: mark #{pull.number} as ready"
    hindrance = {
        "dirty": f"CI green: resolve the conflicts of #{pull.number}",
        "behind": f"CI green: update #{pull.number} from {pull.base_branch}",
        "blocked": f"CI green: #{pull.number} still needs a review or check",
    }.get(pull.mergeable_state or "")
    return hindrance or f"CI green: merge #{pull.number}"


def _is_done(category: StatusCategory) -> bool:
    return category is StatusCategory.DONE
