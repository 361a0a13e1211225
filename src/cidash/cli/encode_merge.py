"""What blocks a merge, as JSON: every field with its sources, and whether something stricter may be hidden."""

from typing import Any

from cidash.analysis.merge_blockers import merge_blockers, merge_sentence, merge_verdict, state_of_check
from cidash.domain.merge import MergeState, RequiredCheck, Sourced
from cidash.domain.state import State

Json = dict[str, Any]


def merge_state(merge: MergeState | None, checks: State | None) -> Json:
    """Returns the verdict, its blockers, and what they come from; all of it null when it has not been read."""
    if merge is None:
        names = ("verdict", "sentence", "head_sha", "blockers", "required_checks", "approvals_needed")
        rest = ("approvals_given", "changes_requested_by", "strict", "behind_by", "unread")
        return dict.fromkeys((*names, *rest))
    blockers = merge_blockers(merge)
    needs = merge.requirements
    return {
        "verdict": merge_verdict(blockers).value,
        "sentence": merge_sentence(merge, blockers, checks),
        "head_sha": merge.head_sha,
        "blockers": [
            {"kind": one.kind.value, "weight": one.weight.value, "sentence": one.sentence, "check": one.check}
            for one in blockers
        ],
        "required_checks": {
            "items": [_check(merge, one) for one in needs.checks.value],
            "certain": needs.checks.is_certain,
            "sources": [source.value for source in needs.checks.sources],
            "unread": [source.value for source in needs.checks.unread],
        },
        "approvals_needed": _sourced(needs.approvals),
        "approvals_given": merge.approvals_given,
        "changes_requested_by": None if merge.changes_requested_by is None else list(merge.changes_requested_by),
        "strict": _sourced(needs.strict),
        "behind_by": merge.behind_by,
        "unread": [{"what": one.what, "sentence": one.sentence} for one in merge.unread],
    }


def _check(merge: MergeState, required: RequiredCheck) -> Json:
    state = state_of_check(required.check, merge.reported)
    return {
        "name": required.check.name,
        "app_id": required.check.app_id,
        "sources": [source.value for source in required.sources],
        "state": None if state is None else state.value,
    }


def _sourced(field: Sourced[Any]) -> Json:
    return {
        "value": field.value,
        "certain": field.is_certain,
        "sources": [source.value for source in field.sources],
        "unread": [source.value for source in field.unread],
    }
