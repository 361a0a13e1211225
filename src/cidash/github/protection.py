"""Questions about what blocks a merge: what the base branch demands, and what the pull request has of it.

404 and 403 mean several things here (GitHub hides what a token may not see), so some refusals are answers: a branch
without classic protection, and a plan that has none. All other refusals stay problems, and the field stays unknown.
"""

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import ConfigDict, Field, RootModel

from cidash.domain.merge import DemandedCheck, Demands, DemandSource, ReportedCheck, Review
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.github import wire
from cidash.github.queries import base
from cidash.github.query import Query
from cidash.github.wire import Count, Id, MaybeMoment, Wire

METADATA_READ = "Metadata: read"
ADMINISTRATION_READ = "Administration: read"
CHECKS_READ = "Checks: read"
STATUSES_READ = "Commit statuses: read"
CONTENTS_READ = "Contents: read"
PULLS_READ = "Pull requests: read"
_MEMBERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_NAME = 300


class _AppWire(Wire):
    id: Id


class _ContextWire(Wire):
    context: str
    app_id: int | None = None
    integration_id: int | None = None


class _RuleParametersWire(Wire):
    strict_required_status_checks_policy: bool | None = None
    required_status_checks: tuple[_ContextWire, ...] | None = None
    required_approving_review_count: Count | None = None
    dismiss_stale_reviews_on_push: bool | None = None
    require_code_owner_review: bool | None = None
    require_last_push_approval: bool | None = None
    required_review_thread_resolution: bool | None = None


class _RuleWire(Wire):
    type: str
    parameters: Any = None


class _RulesWire(RootModel[tuple[_RuleWire, ...]]):
    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)


class _SummaryChecksWire(Wire):
    enforcement_level: str | None = None
    contexts: tuple[str, ...] = ()
    checks: tuple[_ContextWire, ...] | None = None


class _SummaryWire(Wire):
    enabled: bool | None = None
    required_status_checks: _SummaryChecksWire | None = None


class _BranchWire(Wire):
    protected: bool
    protection: _SummaryWire | None = None


class _SwitchWire(Wire):
    enabled: bool = False


class _ClassicChecksWire(Wire):
    strict: bool | None = None
    contexts: tuple[str, ...] = ()
    checks: tuple[_ContextWire, ...] | None = None


class _ClassicReviewsWire(Wire):
    required_approving_review_count: Count | None = None
    dismiss_stale_reviews: bool | None = None
    require_code_owner_reviews: bool | None = None
    require_last_push_approval: bool | None = None


class _ClassicWire(Wire):
    required_status_checks: _ClassicChecksWire | None = None
    required_pull_request_reviews: _ClassicReviewsWire | None = None
    required_conversation_resolution: _SwitchWire | None = None
    enforce_admins: _SwitchWire | None = None
    restrictions: Any = None


class _ReviewWire(Wire):
    user: wire.AccountWire | None = None
    state: str
    submitted_at: MaybeMoment = None
    author_association: str | None = None


class _ReviewsWire(RootModel[tuple[_ReviewWire, ...]]):
    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)


class _CheckRunWire(Wire):
    id: Id
    name: str
    status: str | None = None
    conclusion: str | None = None
    started_at: MaybeMoment = None
    app: _AppWire | None = None


class _CheckRunsWire(Wire):
    check_runs: tuple[_CheckRunWire, ...]


class _StatusWire(Wire):
    context: str
    state: str
    updated_at: MaybeMoment = None


class _CombinedWire(Wire):
    statuses: tuple[_StatusWire, ...]


class _CompareWire(Wire):
    behind_by: Annotated[int, Field(ge=0)]


def branch_rules(repository: RepositoryId, branch: str) -> Query[tuple[Demands, ...]]:
    """Asks for the active rules of all rulesets, one `Demands` for each page; the branch need not exist."""
    host, what = repository.host, f"the rules of {branch} in {repository.full_name}"

    def read(body: bytes) -> tuple[Demands, ...]:
        return (_of_rules(wire.decode(_RulesWire, body, host, what).root, host, what),)

    path = f"{base(repository)}/rules/branches/{quote(branch, safe='')}"
    return Query(path, (("per_page", 100),), read, what, right=METADATA_READ, paged=True)


def branch_summary(repository: RepositoryId, branch: str) -> Query[Demands]:
    """Asks for the branch: whether it is protected, and the required checks of classic protection."""
    host, what = repository.host, f"branch {branch} of {repository.full_name}"

    def read(body: bytes) -> Demands:
        return _of_summary(wire.decode(_BranchWire, body, host, what))

    return Query(f"{base(repository)}/branches/{quote(branch, safe='')}", (), read, what, right=CONTENTS_READ)


def classic_protection(repository: RepositoryId, branch: str) -> Query[Demands]:
    """Asks for classic protection, which only administrators may read.

    "Branch not protected" is an answer, and so is a plan without protection; any other refusal tells nothing.
    """
    host, what = repository.host, f"the classic protection of {branch} in {repository.full_name}"

    def read(body: bytes) -> Demands:
        return _of_classic(wire.decode(_ClassicWire, body, host, what))

    def read_refusal(status: int, message: str) -> Demands | None:
        text = message.lower()
        nothing = (status == 404 and "branch not protected" in text) or (status == 403 and "upgrade to github" in text)
        return NOTHING_CLASSIC if nothing else None

    path = f"{base(repository)}/branches/{quote(branch, safe='')}/protection"
    return Query(path, (), read, what, right=ADMINISTRATION_READ, read_refusal=read_refusal)


def reviews(repository: RepositoryId, number: int) -> Query[tuple[Review, ...]]:
    """Asks for the reviews of a pull request, oldest first."""
    host, what = repository.host, f"the reviews of pull request #{number} of {repository.full_name}"

    def read(body: bytes) -> tuple[Review, ...]:
        return tuple(
            Review(
                author=clean(one.user.login, _NAME) if one.user else "",
                state=clean(one.state, 40),
                submitted_at=one.submitted_at,
                counts=one.author_association in _MEMBERS,
            )
            for one in wire.decode(_ReviewsWire, body, host, what).root
        )

    path = f"{base(repository)}/pulls/{number}/reviews"
    return Query(path, (("per_page", 100),), read, what, paged=True, right=PULLS_READ)


def check_runs(repository: RepositoryId, head_sha: str) -> Query[tuple[ReportedCheck, ...]]:
    """Asks for the check runs of a commit, of each suite the newest ones; fine-grained tokens may not see them."""
    host, what = repository.host, f"the checks of commit {head_sha[:7]} in {repository.full_name}"

    def read(body: bytes) -> tuple[ReportedCheck, ...]:
        return tuple(
            ReportedCheck(
                name=clean(one.name, _NAME),
                status=clean(one.status, 40) or "unknown",
                conclusion=clean(one.conclusion, 40) or None,
                id=one.id,
                app_id=one.app.id if one.app else None,
                started_at=one.started_at,
            )
            for one in wire.decode(_CheckRunsWire, body, host, what).check_runs
        )

    path = f"{base(repository)}/commits/{quote(head_sha, safe='')}/check-runs"
    return Query(path, (("per_page", 100),), read, what, paged=True, right=CHECKS_READ)


def statuses(repository: RepositoryId, head_sha: str) -> Query[tuple[ReportedCheck, ...]]:
    """Asks for the old-style statuses of a commit, of each context the newest one."""
    host, what = repository.host, f"the statuses of commit {head_sha[:7]} in {repository.full_name}"

    def read(body: bytes) -> tuple[ReportedCheck, ...]:
        return tuple(_of_status(one) for one in wire.decode(_CombinedWire, body, host, what).statuses)

    path = f"{base(repository)}/commits/{quote(head_sha, safe='')}/status"
    return Query(path, (("per_page", 100),), read, what, paged=True, right=STATUSES_READ)


def behind_by(repository: RepositoryId, branch: str, head_sha: str) -> Query[int]:
    """Asks how many commits of the branch a commit lacks."""
    host, what = repository.host, f"what commit {head_sha[:7]} lacks of {branch} in {repository.full_name}"

    def read(body: bytes) -> int:
        return wire.decode(_CompareWire, body, host, what).behind_by

    path = f"{base(repository)}/compare/{quote(branch, safe='')}...{quote(head_sha, safe='')}"
    return Query(path, (("per_page", 1),), read, what, right=CONTENTS_READ)


def strictest_rules(pages: tuple[Demands, ...]) -> Demands:
    """Returns the rules of all pages as one."""
    if not pages:
        return _of_rules((), "", "")
    whole = pages[0]
    for page in pages[1:]:
        whole = Demands(
            DemandSource.RULES,
            checks=(*(whole.checks or ()), *(page.checks or ())),
            strict=whole.strict or page.strict,
            approvals=max(whole.approvals or 0, page.approvals or 0),
            pull_request=whole.pull_request or page.pull_request,
            code_owners=whole.code_owners or page.code_owners,
            last_push_approval=whole.last_push_approval or page.last_push_approval,
            dismiss_stale=whole.dismiss_stale or page.dismiss_stale,
            conversations=whole.conversations or page.conversations,
            merge_queue=whole.merge_queue or page.merge_queue,
            restricts_pushes=whole.restricts_pushes or page.restricts_pushes,
        )
    return whole


def _of_rules(rules: tuple[_RuleWire, ...], host: str, what: str) -> Demands:
    kinds = {rule.type for rule in rules}
    parameters = [
        (rule.type, wire.decode_value(_RuleParametersWire, rule.parameters, host, what))
        for rule in rules
        if rule.type in {"required_status_checks", "pull_request"} and rule.parameters is not None
    ]
    checks = [each for kind, one in parameters if kind == "required_status_checks" for each in
              one.required_status_checks or ()]  # fmt: skip
    reviews = [one for kind, one in parameters if kind == "pull_request"]
    return Demands(
        DemandSource.RULES,
        checks=tuple(dict.fromkeys(_check(one) for one in checks)),
        strict=any(one.strict_required_status_checks_policy for _, one in parameters),
        approvals=max((one.required_approving_review_count or 0 for one in reviews), default=0),
        pull_request="pull_request" in kinds,
        code_owners=any(one.require_code_owner_review for one in reviews),
        last_push_approval=any(one.require_last_push_approval for one in reviews),
        dismiss_stale=any(one.dismiss_stale_reviews_on_push for one in reviews),
        conversations=any(one.required_review_thread_resolution for one in reviews),
        merge_queue="merge_queue" in kinds,
        restricts_pushes="update" in kinds,
    )


def _nothing(source: DemandSource) -> Demands:
    return Demands(
        source, (), strict=False, approvals=0, pull_request=False, code_owners=False, last_push_approval=False,
        dismiss_stale=False, conversations=False, merge_queue=False, enforce_admins=False, restricts_pushes=False,
    )  # fmt: skip


NOTHING_CLASSIC = _nothing(DemandSource.CLASSIC)


def _of_summary(branch: _BranchWire) -> Demands:
    protection = branch.protection
    if not branch.protected or (protection is not None and protection.enabled is False):
        return _nothing(DemandSource.BRANCH)
    listed = protection.required_status_checks if protection is not None else None
    if listed is None or listed.enforcement_level is None:
        return Demands(DemandSource.BRANCH)
    return Demands(DemandSource.BRANCH, checks=_checks(listed.checks, listed.contexts))


def _of_classic(body: _ClassicWire) -> Demands:
    checks, reviews = body.required_status_checks, body.required_pull_request_reviews
    return Demands(
        DemandSource.CLASSIC,
        checks=_checks(checks.checks, checks.contexts) if checks is not None else (),
        strict=checks is not None and bool(checks.strict),
        approvals=(reviews.required_approving_review_count or 0) if reviews is not None else 0,
        pull_request=reviews is not None,
        code_owners=reviews is not None and bool(reviews.require_code_owner_reviews),
        last_push_approval=reviews is not None and bool(reviews.require_last_push_approval),
        dismiss_stale=reviews is not None and bool(reviews.dismiss_stale_reviews),
        conversations=body.required_conversation_resolution is not None
        and body.required_conversation_resolution.enabled,
        merge_queue=False,
        enforce_admins=body.enforce_admins is not None and body.enforce_admins.enabled,
        restricts_pushes=body.restrictions is not None,
    )


def _checks(checks: tuple[_ContextWire, ...] | None, contexts: tuple[str, ...]) -> tuple[DemandedCheck, ...]:
    """`contexts` is the old form of `checks`; a name that only stands there counts as well."""
    found = dict.fromkeys(_check(one) for one in checks or ())
    named = {one.name for one in found}
    return (*found, *(DemandedCheck(name) for context in contexts if (name := clean(context, _NAME)) not in named))


def _check(context: _ContextWire) -> DemandedCheck:
    app = context.integration_id if context.integration_id is not None else context.app_id
    return DemandedCheck(clean(context.context, _NAME), app if app is not None and app > 0 else None)


def _of_status(status: _StatusWire) -> ReportedCheck:
    word = clean(status.state, 40)
    going_on = word == "pending"
    conclusion = "failure" if word == "error" else word
    name = clean(status.context, _NAME)
    if going_on:
        return ReportedCheck(name, "pending", None, started_at=status.updated_at)
    return ReportedCheck(name, "completed", conclusion, started_at=status.updated_at)
