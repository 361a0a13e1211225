"""The log of one job: a link from the API, then plain text from a storage host that must not see the token."""

from collections.abc import AsyncGenerator

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.github import queries, refusals
from cidash.github.addresses import may_hold_logs, resolved
from cidash.github.gate import Gate

LOG_LIMIT = 256 * 1024 * 1024


async def job_log(
    gate: Gate, repository: RepositoryId, job_id: int, limit: int = LOG_LIMIT
) -> AsyncGenerator[bytes, None]:
    """Yields the log's bytes as they come. Its link lives for a minute: it is asked for anew each time.

    Only the request to the API counts in the budget; the text comes from another host.

    Raises:
        SourceError: `not_found` when there is no log (yet, or any more), `bad_answer` beyond `limit` bytes, else as
            any request.
    """
    import httpx

    what = f"the log of job {job_id} of {repository.full_name}"
    url = f"{gate.api_url}{queries.base(repository)}/actions/jobs/{job_id}/logs"
    answer = await gate.get(url, what)
    if answer.status == 410:
        sentence = f"{gate.host} has thrown away {what}: logs are kept for a time only (410)."
        raise SourceError(Problem(ProblemKind.NOT_FOUND, sentence, status=410))
    if answer.status not in (301, 302, 303, 307, 308):
        problem = refusals.read_problem(gate.host, answer, what, queries.ACTIONS_READ, authorized=gate.authorized)
        raise SourceError(problem)
    target = resolved(url, answer.headers.get("location", ""))
    if not may_hold_logs(target, gate.api_url) or target == url:
        sentence = f"{gate.host} pointed to a place for {what} that is not safe to read from."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence, status=answer.status))
    size = 0
    try:
        async with gate.connection.stream(target, headers={"Accept": "*/*"}, authorized=False) as text:
            _check_status(gate.host, text.status_code, what)
            async for chunk in text.aiter_bytes():
                size += len(chunk)
                _check_size(size, limit, what)
                yield chunk
    except SourceError as error:
        if error.problem.kind is not ProblemKind.UNREACHABLE:
            raise
        sentence = (
            f"The storage host of {gate.host} did not hand out all of {what}: it could not be reached or went away."
        )
        raise SourceError(Problem(ProblemKind.UNREACHABLE, sentence)) from error
    except httpx.InvalidURL as error:
        sentence = f"{gate.host} pointed to an address for {what} that is none."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence)) from error


def _check_size(size: int, limit: int, what: str) -> None:
    if size > limit:
        sentence = f"{what[0].upper()}{what[1:]} is larger than {limit // 2**20} MB: the rest is left out."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence))


def _check_status(host: str, status: int, what: str) -> None:
    """Storage answers in XML that is of no use to a reader: the status tells."""
    if status == 200:
        return
    if status == 404:
        kind = ProblemKind.NOT_FOUND
        sentence = f"{host} has no log for this job (yet): {what} can be read once the job is completed."
    elif status in (401, 403, 410):
        kind = ProblemKind.BAD_ANSWER
        sentence = f"The link to {what} was not accepted by the storage host ({status}): it lives a minute. Ask again."
    elif status >= 500:
        kind = ProblemKind.SERVER_ERROR
        sentence = f"The storage host of {host} failed to hand out {what} ({status}). Ask again."
    else:
        kind = ProblemKind.BAD_ANSWER
        sentence = f"The storage host of {host} did not hand out {what} ({status})."
    raise SourceError(Problem(kind, sentence, status=status))
