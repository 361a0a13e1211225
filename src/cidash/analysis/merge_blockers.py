"""What blocks the merge of a pull request, in order, as short sentences. What is not known is named as such."""

from collections.abc import Iterable, Sequence

from cidash.domain.ci import Job
from cidash.domain.merge import (
    Blocker,
    BlockerKind,
    DemandedCheck,
    MergeState,
    MergeVerdict,
    ReportedCheck,
    Sourced,
    Weight,
)
from cidash.domain.state import State

_CLEAR_WORDS = frozenset({"clean", "has_hooks", "unstable"})
_FAILED = {
    State.FAILURE: "failed",
    State.CANCELLED: "was cancelled",
    State.TIMED_OUT: "timed out",
    State.ACTION_REQUIRED: "waits for somebody's action",
    State.STARTUP_FAILURE: "could not start",
    State.STALE: "is stale",
}
_GOING_ON = {
    State.IN_PROGRESS: "is still running",
    State.QUEUED: "is queued",
    State.WAITING: "waits for an approval",
    State.PENDING: "is pending",
    State.REQUESTED: "is about to be queued",
}


def merge_blockers(merge: MergeState) -> tuple[Blocker, ...]:
    """Returns everything that blocks the merge or may: what somebody must do, then what goes on, then doubts."""
    if not merge.open:
        return (Blocker(BlockerKind.CLOSED, Weight.BLOCKS, "closed"),)
    found = [*_of_pull(merge), *_of_checks(merge), *_of_reviews(merge), *_of_base(merge)]
    if merge.requirements.merge_queue.value:
        found.append(Blocker(BlockerKind.QUEUE, Weight.BLOCKS, "has to go through the merge queue"))
    found += _of_github(merge, found)
    order = (Weight.BLOCKS, Weight.WAITS, Weight.UNKNOWN)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: order.index(one.weight)))


def merge_verdict(blockers: Iterable[Blocker]) -> MergeVerdict:
    """Returns what the blockers come to; without any it is `clear`."""
    weights = {one.weight for one in blockers}
    if Weight.BLOCKS in weights:
        return MergeVerdict.BLOCKED
    if Weight.WAITS in weights:
        return MergeVerdict.WAITING
    return MergeVerdict.UNKNOWN if weights else MergeVerdict.CLEAR


def merge_sentence(merge: MergeState, blockers: Sequence[Blocker], checks: State | None) -> str:
    """Returns the whole of it in one line: `blocked: test is still running, 1 approval missing`.

    Args:
        merge: how the pull request stands.
        blockers: what `merge_blockers` gave for it.
        checks: the state of the head's runs, which is said where nothing requires them; None without any.
    """
    verdict = merge_verdict(blockers)
    if verdict is not MergeVerdict.CLEAR:
        return f"{verdict.value}: {', '.join(one.sentence for one in blockers)}"
    if merge.requirements.checks.value:
        return "nothing blocks it"
    if checks is None:
        return "nothing blocks it, but no check is required and none has reported"
    if checks.is_active:
        return "nothing blocks it, but no check is required and CI is still running"
    return "nothing blocks it" + ("" if checks.is_green else ", but no check is required and CI is not green")


def state_of_check(check: DemandedCheck, reported: Sequence[ReportedCheck]) -> State | None:
    """Returns how a required check stands; None when it has not reported.

    One that still goes on keeps the check open; else the one that started last decides. Where an app is demanded,
    what others report under the same name does not count.
    """
    mine = [one for one in reported if one.name == check.name and check.app_id in (None, one.app_id)]
    if not mine:
        return None
    active = next((one.state for one in mine if one.state.is_active), None)
    if active is not None:
        return active
    return max(mine, key=lambda one: (one.started_at.timestamp() if one.started_at else 0.0, one.id)).state


def reported_checks(
    check_runs: Sequence[ReportedCheck] | None, jobs: Iterable[Job], actions_app_id: int | None
) -> tuple[ReportedCheck, ...]:
    """Returns the checks of a commit from its check runs and from the jobs of its runs, which are often read later.

    Args:
        check_runs: None when they can't be read.
        jobs: of the newest attempts of the commit's runs; a job and its check run have one id.
        actions_app_id: the app that reports jobs, if it is known.
    """
    found = {one.id: one for one in check_runs or ()}
    jobs = tuple(jobs)
    app = next((found[job.id].app_id for job in jobs if job.id in found), actions_app_id)
    for job in jobs:
        known = found.get(job.id)
        if known is None or known.state.is_active:
            found[job.id] = ReportedCheck(job.name, job.status, job.conclusion, job.id, app, job.started_at)
    return tuple(found.values())


def _of_pull(merge: MergeState) -> Iterable[Blocker]:
    if merge.draft:
        yield Blocker(BlockerKind.DRAFT, Weight.BLOCKS, "draft")
    if merge.mergeable_state == "dirty":
        yield Blocker(BlockerKind.CONFLICTS, Weight.BLOCKS, f"conflicts with {merge.base_branch}")


def _of_checks(merge: MergeState) -> Iterable[Blocker]:
    checks = merge.requirements.checks
    for required in checks.value:
        name = required.check.name
        state = state_of_check(required.check, merge.reported)
        if state is None:
            if merge.reported_all:
                sentence, weight = f"{name} is required but has not reported", Weight.WAITS
            else:
                sentence, weight = f"{name} is required; whether it has reported is unknown", Weight.UNKNOWN
            yield Blocker(BlockerKind.CHECK_MISSING, weight, sentence, name)
        elif state.is_active:
            yield Blocker(BlockerKind.CHECK_RUNNING, Weight.WAITS, f"{name} {_GOING_ON[state]}", name)
        elif state.is_red:
            yield Blocker(BlockerKind.CHECK_FAILED, Weight.BLOCKS, f"{name} {_FAILED[state]}", name)
        elif not state.is_green:
            yield Blocker(BlockerKind.UNKNOWN, Weight.UNKNOWN, f"{name} ended in a way that is unknown here", name)
    if not checks.is_certain:
        yield _hidden("which checks are required", checks)


def _of_reviews(merge: MergeState) -> Iterable[Blocker]:
    needed = merge.requirements.approvals
    if needed.value:
        if merge.approvals_given is None:
            text = f"{_approvals(needed.value)} needed; how many were given is unknown"
            yield Blocker(BlockerKind.APPROVALS, Weight.UNKNOWN, text)
        elif merge.approvals_given < needed.value:
            missing = needed.value - merge.approvals_given
            yield Blocker(BlockerKind.APPROVALS, Weight.BLOCKS, f"{_approvals(missing)} missing")
        for name in merge.changes_requested_by or ():
            yield Blocker(BlockerKind.CHANGES_REQUESTED, Weight.BLOCKS, f"{name} requested changes")
    if not needed.is_certain:
        yield _hidden("how many approvals are needed", needed)


def _of_base(merge: MergeState) -> Iterable[Blocker]:
    strict = merge.requirements.strict
    base = merge.base_branch
    if merge.mergeable_state == "behind":
        yield Blocker(BlockerKind.BEHIND, Weight.BLOCKS, f"behind {base}")
    elif strict.value and merge.mergeable_state not in _CLEAR_WORDS:
        if merge.behind_by is None:
            yield Blocker(BlockerKind.BEHIND, Weight.UNKNOWN, f"whether it is behind {base} is unknown")
        elif merge.behind_by > 0:
            commits = "1 commit" if merge.behind_by == 1 else f"{merge.behind_by} commits"
            yield Blocker(BlockerKind.BEHIND, Weight.BLOCKS, f"behind {base} by {commits}")


def _of_github(merge: MergeState, found: Sequence[Blocker]) -> Iterable[Blocker]:
    """Takes GitHub's own word into account: it knows rules that no reader is told, and it may not know yet."""
    word = merge.mergeable_state
    if word in (None, "unknown"):
        yield Blocker(BlockerKind.UNKNOWN, Weight.UNKNOWN, "GitHub is still working out whether it can be merged")
    elif word == "blocked" and not any(one.weight is not Weight.UNKNOWN for one in found):
        hints = _hints(merge)
        reason = f": {hints}" if hints else ", for a reason that it does not tell"
        yield Blocker(BlockerKind.OTHER, Weight.BLOCKS, f"GitHub says blocked{reason}")
    elif word == "draft" and not merge.draft:
        yield Blocker(BlockerKind.DRAFT, Weight.BLOCKS, "draft")
    elif word not in {*_CLEAR_WORDS, "blocked", "dirty", "behind", "draft"}:
        yield Blocker(BlockerKind.UNKNOWN, Weight.UNKNOWN, f"GitHub says {word}, which is unknown here")


def _hints(merge: MergeState) -> str:
    needs = merge.requirements
    hints = []
    if needs.code_owners.value:
        hints.append("a code owner's approval")
    if needs.last_push_approval.value:
        hints.append("an approval of the last push")
    if needs.conversations.value:
        hints.append("a resolved conversation")
    return f"{' or '.join(hints)} is missing" if hints else ""


def _hidden(what: str, field: Sourced[object]) -> Blocker:
    sources = " and ".join({"rules": "rulesets", "classic": "classic protection"}[one.value] for one in field.unread)
    return Blocker(BlockerKind.UNKNOWN, Weight.UNKNOWN, f"{what} is unknown: {sources} can't be read")


def _approvals(count: int) -> str:
    return "1 approval" if count == 1 else f"{count} approvals"
