"""Downloads an artifact: a link from the API, then a zip from a storage host that must not see the token."""

import asyncio
import hashlib
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from cidash.domain.acting import Artifact
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.github import queries, refusals
from cidash.github.addresses import may_hold_logs, resolved
from cidash.github.gate import Gate
from cidash.github.unpack import Bounds, UnsafeArchiveError, safe_name, unpack

ARCHIVE_LIMIT = 2 * 1024**3
_STOP_SECONDS = 2.0
_REDIRECTS = (301, 302, 303, 307, 308)


async def download(
    gate: Gate,
    repository: RepositoryId,
    artifact: Artifact,
    folder: Path,
    on_progress: Callable[[int], None],
    *,
    bounds: Bounds | None = None,
    archive_limit: int = ARCHIVE_LIMIT,
) -> Path:
    """Downloads and unpacks into a new folder of the artifact's name below `folder`; returns that folder.

    Nothing is overwritten, and after a failure nothing is left behind.

    Args:
        gate: of the host.
        repository: the repository that the artifact belongs to.
        artifact: as listed.
        folder: where the new folder goes; made if it is not there.
        on_progress: called with the bytes that were received so far.
        bounds: what the archive may grow to.
        archive_limit: the largest archive in bytes.

    Raises:
        SourceError: no archive (any more), not readable, not safe, or the folder is there already.
    """
    what = f"artifact {artifact.name} of {repository.full_name}"
    target = folder / safe_name(artifact.name)
    if target.exists() or target.is_symlink():
        raise _refused(f"{target} is there already, and nothing is overwritten.")
    if artifact.size_bytes > archive_limit:
        raise _refused(f"{what} is larger than {archive_limit // 2**20} MB: it is not downloaded.")
    partial = folder / f".cidash-{secrets.token_hex(8)}"
    packed, files = partial / "archive.zip", partial / "files"
    try:
        await asyncio.to_thread(files.mkdir, parents=True)
        with packed.open("wb") as out:
            await _receive(gate, repository, artifact, what, out, on_progress, archive_limit)
        await _unpack(packed, files, bounds or Bounds())
        if target.exists() or target.is_symlink():
            raise _refused(f"{target} is there already, and nothing is overwritten.")
        files.rename(target)
    except UnsafeArchiveError as error:
        raise _refused(f"{what} is not unpacked: {error}.") from error
    except OSError as error:
        raise _refused(f"{what} could not be written to {folder}: {error.strerror}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


async def _unpack(packed: Path, files: Path, bounds: Bounds) -> None:
    """Unpacks in a thread, which ends soon when nobody waits for it any more."""
    stop = threading.Event()
    unpacking = asyncio.ensure_future(asyncio.to_thread(unpack, packed, files, bounds, stop.is_set))
    try:
        await asyncio.shield(unpacking)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([unpacking], timeout=_STOP_SECONDS)
        raise


async def _receive(
    gate: Gate,
    repository: RepositoryId,
    artifact: Artifact,
    what: str,
    out: IO[bytes],
    on_progress: Callable[[int], None],
    limit: int,
) -> None:
    import httpx

    address = await _link(gate, repository, artifact, what)
    digest = hashlib.sha256()
    size = 0
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    try:
        async with gate.connection.stream(address, headers=headers, authorized=False) as answer:
            _check_answer(gate.host, answer.status_code, answer.headers, what)
            async for chunk in answer.aiter_raw():
                size += len(chunk)
                if size > limit:
                    raise _refused(f"{what} is larger than {limit // 2**20} MB: it is not downloaded.")
                out.write(chunk)
                digest.update(chunk)
                on_progress(size)
    except SourceError as error:
        if error.problem.kind is not ProblemKind.UNREACHABLE:
            raise
        sentence = f"The storage host of {gate.host} went away before all of {what} was there. Ask again."
        raise SourceError(Problem(ProblemKind.UNREACHABLE, sentence)) from error
    except httpx.InvalidURL as error:
        sentence = f"{gate.host} pointed to an address for {what} that is none."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence)) from error
    if artifact.sha256 is not None and digest.hexdigest() != artifact.sha256:
        raise _refused(f"{what} is not what {gate.host} has stored: its digest is another one.")


async def _link(gate: Gate, repository: RepositoryId, artifact: Artifact, what: str) -> str:
    url = f"{gate.api_url}{queries.base(repository)}/actions/artifacts/{artifact.id}/zip"
    answer = await gate.get(url, what)
    if answer.status == 410:
        sentence = f"{gate.host} has thrown away {what}: artifacts are kept for a time only (410)."
        raise SourceError(Problem(ProblemKind.NOT_FOUND, sentence, status=410))
    if answer.status not in _REDIRECTS:
        right = queries.ACTIONS_READ
        raise SourceError(refusals.read_problem(gate.host, answer, what, right, authorized=gate.authorized))
    target = resolved(url, answer.headers.get("location", ""))
    if not may_hold_logs(target, gate.api_url) or target == url:
        sentence = f"{gate.host} pointed to a place for {what} that is not safe to read from."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence, status=answer.status))
    return target


def _check_answer(host: str, status: int, headers: Mapping[str, str], what: str) -> None:
    """A body that is packed once more could grow without bounds while it is received."""
    if status != 200 or headers.get("content-encoding", "identity") != "identity":
        sentence = f"The storage host of {host} did not hand out {what} ({status}). Ask again."
        raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence, status=status))


def _refused(sentence: str) -> SourceError:
    return SourceError(Problem(ProblemKind.REFUSED, sentence[0].upper() + sentence[1:]))
