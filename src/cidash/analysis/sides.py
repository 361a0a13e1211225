"""Which attempts stand on which side, by what the question says base and head are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cidash.analysis.comparability import cache_arm
from cidash.domain.cache import CacheState
from cidash.domain.ci import Attempt
from cidash.domain.comparison import By, Question

WORKFLOW_FILE = "workflow-file"
"""In place of a commit: the newest change of the workflow file."""

_SHA = re.compile(r"[0-9a-f]{4,40}")
_RUN_ATTEMPT = re.compile(r"(?P<run>[0-9]{1,19})/(?P<attempt>[0-9]{1,6})")
_HIGHEST_ATTEMPT = 1_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """All attempts of both sides, newest first, comparable or not, and what the sides are called."""

    base: tuple[Attempt, ...]
    head: tuple[Attempt, ...]
    base_label: str
    head_label: str

    def of_workflow(self, path: str) -> "Candidates":
        """Returns those of the workflow with that path."""
        base, head = ([one for one in side if one.run.workflow_path == path] for side in (self.base, self.head))
        return replace(self, base=tuple(base), head=tuple(head))


def candidates(question: Question, ordered: Sequence[Attempt], caches: Mapping[int, CacheState]) -> Candidates:
    """Returns both sides of attempts that are given newest first.

    Raises:
        ValueError: base or head can't be what the question says; the text is a sentence.
    """
    if question.by is By.COMMIT:
        return _around_commit(question, ordered)
    if question.by is By.CACHE:
        states = (cache_state_of(question.base), cache_state_of(question.head))
        arms = [(one, cache_arm(one, caches)) for one in ordered]
        base, head = (tuple(one for one, arm in arms if arm is state) for state in states)
        return Candidates(base, head, *(f"cache {state}" for state in states))
    if question.by is By.ATTEMPT:
        return _attempts(question, ordered)
    base, head = (tuple(one for one in ordered if one.run.branch == name) for name in (question.base, question.head))
    return Candidates(base, head, question.base, question.head)


def cache_state_of(word: str) -> CacheState:
    """Returns the state that the word names; `none` stands for runs without a cache.

    Raises:
        ValueError: it is no state that can be compared.
    """
    word = {"none": "unused"}.get(word.lower(), word.lower())
    if word not in {state.value for state in CacheState} or word == CacheState.UNKNOWN:
        known = ", ".join(state.value for state in CacheState if state is not CacheState.UNKNOWN)
        raise ValueError(f"A side of a comparison by cache is one of {known}.")
    return CacheState(word)


def attempt_of(word: str) -> tuple[int | None, int]:
    """Returns (run id or None, attempt number) of `2` or `RUN/2`.

    Raises:
        ValueError: it is neither.
    """
    if (match := _RUN_ATTEMPT.fullmatch(word)) is not None:
        return int(match["run"]), int(match["attempt"])
    if word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= _HIGHEST_ATTEMPT:
        return None, int(word)
    raise ValueError("A side of a comparison by attempt is an attempt's number, such as 2, or RUN/2.")


def _around_commit(question: Question, ordered: Sequence[Attempt]) -> Candidates:
    runs = [one for one in ordered if one.run.branch == question.base]
    oldest_first = runs[::-1]
    if question.head == WORKFLOW_FILE:
        place = _file_change(oldest_first)
        if place is None:
            raise ValueError(f"No change of the workflow file is known among the runs of {question.base}.")
    else:
        wanted = question.head.lower()
        if not _SHA.fullmatch(wanted):
            raise ValueError("Head of a comparison by commit is a commit's SHA (4 to 40 digits), or workflow-file.")
        found = [place for place, one in enumerate(oldest_first) if one.run.head_sha.startswith(wanted)]
        if not found:
            raise ValueError(f"No kept run of {question.base} has the commit {wanted[:12]}.")
        place = found[0]
    sha = oldest_first[place].run.short_sha
    before, after = oldest_first[:place][::-1], oldest_first[place:][::-1]
    return Candidates(tuple(before), tuple(after), f"{question.base} before {sha}", f"{question.base} from {sha} on")


def _file_change(oldest_first: Sequence[Attempt]) -> int | None:
    """Returns the place of the newest run whose workflow file is another than that of the run before it."""
    before: dict[str, str] = {}
    newest = None
    for place, one in enumerate(oldest_first):
        blob, path = one.run.workflow_blob, one.run.workflow_path
        if blob is None:
            continue
        if before.get(path, blob) != blob:
            newest = place
        before[path] = blob
    return newest


def _attempts(question: Question, ordered: Sequence[Attempt]) -> Candidates:
    (base_run, base_number), (head_run, head_number) = attempt_of(question.base), attempt_of(question.head)
    if (base_run is None) != (head_run is None):
        raise ValueError("Compare two attempt numbers, or two attempts RUN/NUMBER, not one of each.")
    if base_run is not None:
        base = tuple(one for one in ordered if one.run.key == (base_run, base_number))
        head = tuple(one for one in ordered if one.run.key == (head_run, head_number))
        return Candidates(base, head, question.base, question.head)
    both = {
        run_id
        for run_id in {one.run.id for one in ordered if one.run.attempt == base_number}
        if any(one.run.key == (run_id, head_number) for one in ordered)
    }
    base, head = (
        tuple(one for one in ordered if one.run.id in both and one.run.attempt == number)
        for number in (base_number, head_number)
    )
    return Candidates(base, head, f"attempt {base_number}", f"attempt {head_number}")
