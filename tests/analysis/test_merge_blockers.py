"""What blocks a merge: by example, and by property: nothing unreadable ever counts as clear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.merge_blockers import (
    merge_blockers,
    merge_sentence,
    merge_verdict,
    reported_checks,
    state_of_check,
)
from cidash.analysis.requirements import approvals_of, combined
from cidash.domain.ci import Job
from cidash.domain.merge import (
    DemandedCheck,
    Demands,
    DemandSource,
    MergeState,
    MergeVerdict,
    ReportedCheck,
    Requirements,
    Review,
)
from cidash.domain.state import State

RULES, BRANCH, CLASSIC = DemandSource.RULES, DemandSource.BRANCH, DemandSource.CLASSIC
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def demands(source: DemandSource, *checks: str, strict: bool = False, approvals: int = 0) -> Demands:
    return Demands(
        source, tuple(DemandedCheck(name) for name in checks), strict, approvals, pull_request=bool(approvals),
        code_owners=False, last_push_approval=False, dismiss_stale=False, conversations=False, merge_queue=False,
    )  # fmt: skip


def needs(*checks: str, strict: bool = False, approvals: int = 0) -> Requirements:
    return combined([demands(RULES, *checks, strict=strict, approvals=approvals), demands(CLASSIC)])


def check(
    name: str, conclusion: str | None, *, at: float = 0, number: int = 0, app: int | None = None
) -> ReportedCheck:
    status = "in_progress" if conclusion is None else "completed"
    return ReportedCheck(name, status, conclusion, number, app, NOON + timedelta(seconds=at))


def merge(requirements: Requirements, *reported: ReportedCheck, word: str | None = "clean") -> MergeState:
    return MergeState(38, "a" * 40, "main", False, word, requirements, reported, True, 0, ())


def sentences(state: MergeState) -> list[str]:
    return [one.sentence for one in merge_blockers(state)]


def verdict(state: MergeState) -> MergeVerdict:
    return merge_verdict(merge_blockers(state))


def test_everything_at_once_stands_in_order() -> None:
    requirements = needs("lint", "test", "scan", "docs", strict=True, approvals=2)
    reported = (check("lint", "failure"), check("test", None), check("docs", "skipped"))
    state = replace(
        merge(requirements, *reported, word="blocked"),
        draft=True, approvals_given=1, changes_requested_by=("noor",), behind_by=3,
    )  # fmt: skip
    assert sentences(state) == [
        "draft",
        "lint failed",
        "1 approval missing",
        "noor requested changes",
        "behind main by 3 commits",
        "test is still running",
        "scan is required but has not reported",
    ]
    assert verdict(state) is MergeVerdict.BLOCKED


def test_what_only_waits_is_waiting() -> None:
    state = merge(needs("lint", "test"), check("lint", "success"), check("test", None), word="blocked")
    assert merge_sentence(state, merge_blockers(state), State.IN_PROGRESS) == "waiting: test is still running"


@pytest.mark.parametrize("conclusion", ["success", "skipped", "neutral"])
def test_skipped_and_neutral_satisfy_a_required_check(conclusion: str) -> None:
    state = merge(needs("lint"), check("lint", conclusion))
    assert merge_sentence(state, merge_blockers(state), State.SUCCESS) == "nothing blocks it"


def test_right_after_a_push_nothing_is_green() -> None:
    """GitHub may say clean for a moment, before the first check of the new head has reported."""
    assert sentences(merge(needs("lint", "test"))) == [
        "lint is required but has not reported",
        "test is required but has not reported",
    ]
    free = merge(needs())
    assert "none has reported" in merge_sentence(free, merge_blockers(free), None)
    assert "still running" in merge_sentence(free, merge_blockers(free), State.QUEUED)


def test_conflicts_and_unknown_words() -> None:
    assert sentences(merge(needs(), word="dirty")) == ["conflicts with main"]
    assert sentences(merge(needs(), word="behind")) == ["behind main"]
    assert verdict(merge(needs(), word=None)) is MergeVerdict.UNKNOWN
    assert verdict(merge(needs(), word="unknown")) is MergeVerdict.UNKNOWN
    assert verdict(merge(needs(), word="hexed")) is MergeVerdict.UNKNOWN
    assert sentences(merge(needs(), word="blocked")) == ["GitHub says blocked, for a reason that it does not tell"]


def test_a_check_of_another_app_does_not_count() -> None:
    demanded = DemandedCheck("test", 15368)
    assert state_of_check(demanded, [check("test", "success", app=7)]) is None
    assert state_of_check(demanded, [check("test", "success", app=15368)]) is State.SUCCESS
    assert state_of_check(DemandedCheck("test"), [check("test", "success", app=7)]) is State.SUCCESS


def test_of_two_checks_with_one_name_the_later_decides_and_a_running_one_keeps_it_open() -> None:
    old, new = check("test", "failure", at=1, number=1), check("test", "success", at=9, number=2)
    assert state_of_check(DemandedCheck("test"), [new, old]) is State.SUCCESS
    assert state_of_check(DemandedCheck("test"), [new, old, check("test", None, number=3)]) is State.IN_PROGRESS


def test_a_job_that_was_read_later_stands_for_its_check() -> None:
    def job(number: int, name: str, conclusion: str | None) -> Job:
        status = "in_progress" if conclusion is None else "completed"
        return Job(number, 1, 2, name, status, conclusion, NOON, NOON, None, (), None, "")

    runs = (check("test", None, number=5, app=3), check("lint", "success", number=6, app=3))
    found = reported_checks(runs, [job(5, "test", "failure"), job(7, "new", None)], 15368)
    assert {(one.name, one.state, one.app_id) for one in found} == {
        ("test", State.FAILURE, 3), ("lint", State.SUCCESS, 3), ("new", State.IN_PROGRESS, 3)
    }  # fmt: skip
    assert reported_checks(None, [job(5, "test", "success")], 15368)[0].app_id == 15368


def test_the_strictest_wins_and_keeps_its_source() -> None:
    both = combined([demands(RULES, "lint", approvals=1), demands(CLASSIC, "lint", "test", strict=True, approvals=2)])
    assert [(one.check.name, one.sources) for one in both.checks.value] == [
        ("lint", (RULES, CLASSIC)), ("test", (CLASSIC,))
    ]  # fmt: skip
    assert (both.approvals.value, both.approvals.sources) == (2, (CLASSIC,))
    assert (both.strict.value, both.strict.sources, both.strict.is_certain) == (True, (CLASSIC,), True)


def test_the_summary_tells_the_checks_of_classic_protection_and_nothing_else() -> None:
    summary = Demands(BRANCH, checks=(DemandedCheck("lint"),))
    found = combined([demands(RULES), summary])
    assert found.checks.is_certain
    assert found.approvals.unread == (CLASSIC,)
    assert found.checks.value[0].sources == (BRANCH,)


def test_no_required_checks_and_not_allowed_to_know_differ() -> None:
    nothing, hidden = merge(combined([demands(RULES), demands(CLASSIC)])), merge(combined([demands(RULES)]))
    assert sentences(nothing) == []
    assert sentences(hidden) == [
        "which checks are required is unknown: classic protection can't be read",
        "how many approvals are needed is unknown: classic protection can't be read",
    ]


def test_a_pinned_check_is_one_check() -> None:
    pinned = Demands(RULES, checks=(DemandedCheck("test", 15368),))
    found = combined([pinned, demands(CLASSIC, "test")])
    assert [(one.check, one.sources) for one in found.checks.value] == [
        (DemandedCheck("test", 15368), (RULES, CLASSIC))
    ]


def test_approvals_count_by_the_newest_word_that_decides() -> None:
    def review(author: str, state: str, counts: bool = True) -> Review:
        return Review(author, state, None, counts)

    reviews = [
        review("ada", "APPROVED"), review("ada", "COMMENTED"), review("noor", "APPROVED"),
        review("noor", "CHANGES_REQUESTED"), review("max", "APPROVED"), review("max", "DISMISSED"),
        review("lena", "APPROVED"), review("stranger", "APPROVED", counts=False),
    ]  # fmt: skip
    assert approvals_of(reviews, author="lena") == (1, ("noor",))


@given(
    hidden=st.sets(st.sampled_from(["rules", "classic", "summary", "reviews", "checks", "word"])),
    approvals=st.integers(0, 2),
    required=st.booleans(),
    word=st.sampled_from(["clean", "unstable", "has_hooks", "blocked", "behind", "dirty", "draft", "unknown", "?"]),
)
def test_no_combination_of_unreadable_answers_yields_clear(
    hidden: set[str], approvals: int, required: bool, word: str
) -> None:
    names = ("test",) if required else ()
    readable = [
        demands(RULES, *names) if "rules" not in hidden else None,
        demands(CLASSIC, approvals=approvals) if "classic" not in hidden else None,
        (Demands(BRANCH, checks=()) if approvals else replace(demands(CLASSIC), source=BRANCH))
        if "summary" not in hidden
        else None,
    ]
    state = replace(
        merge(combined([one for one in readable if one is not None]), word=None if "word" in hidden else word),
        reported=() if "checks" in hidden else (check("test", "success"),),
        reported_all="checks" not in hidden,
        approvals_given=None if "reviews" in hidden else approvals,
        changes_requested_by=None if "reviews" in hidden else (),
    )
    blind_to_rules = "rules" in hidden
    blind_to_classic = "classic" in hidden and ("summary" in hidden or approvals > 0)
    blind_to_reviews = "reviews" in hidden and approvals > 0 and "classic" not in hidden
    blind_to_checks = "checks" in hidden and required and not blind_to_rules
    if blind_to_rules or blind_to_classic or blind_to_reviews or blind_to_checks or "word" in hidden:
        assert verdict(state) is not MergeVerdict.CLEAR
    elif word in {"clean", "unstable", "has_hooks"}:
        assert verdict(state) is MergeVerdict.CLEAR
    else:
        assert verdict(state) is not MergeVerdict.CLEAR


def test_every_state_of_a_required_check_has_a_sentence() -> None:
    pairs = [("completed", state.value) for state in State] + [(state.value, None) for state in State]
    for (status, conclusion), everything in product(pairs, (True, False)):
        reported = ReportedCheck("test", status, conclusion, 1)
        state = replace(merge(needs("test"), reported), reported_all=everything)
        assert (verdict(state) is MergeVerdict.CLEAR) == reported.state.is_green
