"""GitHub's JSON: models of exactly the fields that are read, validated straight from bytes.

Words such as status and conclusion stay strings, because GitHub adds to them. Where the API's description allows null
or has been seen to leave a field out, so do the models; a wrong type makes the whole answer unreadable.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, RootModel, ValidationError
from pydantic_core import to_json

from cidash.domain.problem import Problem, ProblemKind, SourceError

LARGEST_ID = 2**63 - 1  # the history's integers have 64 bits


def _utc(moment: datetime) -> datetime:
    if not 1971 <= moment.year <= 2200:
        raise ValueError("out of range")
    return moment.astimezone(UTC)


def _utc_or_none(moment: datetime | None) -> datetime | None:
    """GitHub's Go services write "absent" as the year 1."""
    return None if moment is None or not 1971 <= moment.year <= 2200 else moment.astimezone(UTC)


Id = Annotated[int, Field(ge=0, le=LARGEST_ID)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
MaybeMoment = Annotated[AwareDatetime | None, AfterValidator(_utc_or_none)]


class Wire(BaseModel):
    """What all models share: unknown fields are ignored, types are not bent, the validator is built when first used."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", defer_build=True)


class AccountWire(Wire):
    """A user, bot or organisation."""

    login: str


class PullNumberWire(Wire):
    """A pull request as a run names it."""

    number: Id


class RunWire(Wire):
    """A workflow run, from a list or alone, at its newest or at an older attempt."""

    id: Id
    run_attempt: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    run_number: Count = 0
    workflow_id: Id
    name: str | None = None
    path: str | None = None
    display_title: str | None = None
    event: str | None = None
    head_branch: str | None = None
    head_sha: str
    status: str | None = None
    conclusion: str | None = None
    created_at: Moment
    run_started_at: MaybeMoment = None
    updated_at: MaybeMoment = None
    actor: AccountWire | None = None
    html_url: str | None = None
    pull_requests: tuple[PullNumberWire, ...] | None = None


class RunsWire(Wire):
    """One page of runs."""

    workflow_runs: tuple[RunWire, ...]


class StepWire(Wire):
    """A step of a job."""

    number: Count
    name: str
    status: str | None = None
    conclusion: str | None = None
    started_at: MaybeMoment = None
    completed_at: MaybeMoment = None


class JobWire(Wire):
    """A job of an attempt."""

    id: Id
    run_id: Id
    name: str
    status: str | None = None
    conclusion: str | None = None
    created_at: MaybeMoment = None
    started_at: MaybeMoment = None
    completed_at: MaybeMoment = None
    labels: tuple[str, ...] | None = None
    runner_name: str | None = None
    html_url: str | None = None
    steps: tuple[StepWire, ...] | None = None


class JobsWire(Wire):
    """One page of jobs."""

    jobs: tuple[JobWire, ...]


class WorkflowWire(Wire):
    """A workflow."""

    id: Id
    name: str | None = None
    path: str
    state: str | None = None
    html_url: str | None = None


class WorkflowsWire(Wire):
    """One page of workflows."""

    workflows: tuple[WorkflowWire, ...]


class RefWire(Wire):
    """One end of a pull request."""

    ref: str
    sha: str


class PullWire(Wire):
    """A pull request: a list lacks `merged` and `mergeable_state`."""

    number: Id
    title: str | None = None
    state: str
    draft: bool | None = None
    merged: bool | None = None
    merged_at: MaybeMoment = None
    head: RefWire
    base: RefWire
    user: AccountWire | None = None
    updated_at: Moment
    html_url: str | None = None
    mergeable_state: str | None = None
    body: str | None = None


class PullsWire(RootModel[tuple[PullWire, ...]]):
    """One page of pull requests: a bare array."""

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)


class RepositoryWire(Wire):
    """A repository."""

    default_branch: str


class LimitWire(Wire):
    """One bucket of the rate limit."""

    limit: Count
    remaining: Count
    reset: Id


class ResourcesWire(Wire):
    """The buckets that are read."""

    core: LimitWire


class RateLimitWire(Wire):
    """The answer of `/rate_limit`."""

    resources: ResourcesWire


class ErrorWire(Wire):
    """The body of a refusal."""

    message: str | None = None


WireT = TypeVar("WireT", bound=BaseModel)

_EXPECTED = {
    "missing": "is missing",
    "string_type": "is not a text",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
    "tuple_type": "is not a list",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "greater_than_equal": "is out of range",
    "less_than_equal": "is out of range",
    "value_error": "is out of range",
    "timezone_aware": "is a time without its zone",
}


def decode(model: type[WireT], body: bytes, host: str, what: str) -> WireT:
    """Returns the body as the model.

    Raises:
        SourceError: `bad_answer`, with a sentence that names the field which is not as it should be.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # Not raised from it: the validation error carries the body, and crash reports must not.
        fault = _fault(first["type"], first["loc"], first["msg"])
    sentence = f"{host} answered with something unreadable for {what}: {fault}."
    raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence))


def decode_value(model: type[WireT], value: Any, host: str, what: str) -> WireT:
    """Returns a part of an answer, whose shape depends on another part, as the model; raises as `decode`."""
    return decode(model, to_json(value), host, what)


def message_of(body: bytes) -> str:
    """Returns the `message` of a refusal's body as it came, or an empty text when there is none."""
    try:
        return ErrorWire.model_validate_json(body).message or ""
    except ValidationError:
        return ""


def _fault(kind: str, location: tuple[str | int, ...], message: str) -> str:
    if kind == "json_invalid":
        cut = "EOF" in message or "unexpected end" in message
        return "it is cut off in the middle" if cut else "it is not JSON"
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    default = "is not a time" if kind.startswith("datetime") else "is not as expected"
    return f"{path or 'the whole of it'} {_EXPECTED.get(kind, default)}"
