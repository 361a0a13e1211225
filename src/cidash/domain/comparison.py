"""Comparison: two samples of durations, base and head, and what can honestly be said of their difference."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cidash.domain.cache import CacheState


class Outcome(StrEnum):
    """There is no "equal": what is not proven is `no-proof`."""

    BETTER = "better"
    WORSE = "worse"
    NO_PROOF = "no-proof"


class By(StrEnum):
    """What tells base and head apart."""

    BRANCH = "branch"
    """Two branches."""
    COMMIT = "commit"
    """The runs of one branch before a commit (or a change of the workflow file), and from it on."""
    CACHE = "cache"
    """Two cache states."""
    ATTEMPT = "attempt"
    """Two attempt numbers of re-run runs, or two attempts of one run."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared. Base and head are names of the kind that `by` says.

    With `COMMIT` base is the branch and head the commit, or `workflow-file` for the newest change of the workflow
    file. With `ATTEMPT` they are numbers (`1`, `2`), or `RUN/NUMBER`.
    """

    base: str
    head: str
    by: By = By.BRANCH
    workflow: str | None = None
    """Name, path or file name; None takes the workflow that both sides have most runs of."""
    job: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to be the same for the runs of one sample."""

    workflow_path: str
    event: str
    workflow_blob: str | None
    """None when it is not known."""
    jobs: tuple[str, ...]
    """Names of the executed jobs, sorted."""
    labels: tuple[str, ...]
    """Runner labels of the executed jobs, sorted."""
    cache: CacheState


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run of a sample: what stands behind the numbers."""

    run_id: int
    attempt: int
    number: int
    branch: str | None
    head_sha: str
    started_at: datetime
    seconds: float
    """Of the measure that was compared."""
    url: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Durations of one measure on one side, in seconds, newest first."""

    values: tuple[float, ...]
    median_seconds: float | None
    interval_seconds: tuple[float, float] | None
    """Exact 95 % interval of the median; None below 6 values."""

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Contrast:
    """One measure on both sides. A ratio or shift is that of head to base; below 1 or 0 head is faster."""

    measure: str
    """`run-duration`, `job-duration` or `step-duration`."""
    job: str | None
    step: str | None
    base: Sample
    head: Sample
    ratio: float | None
    ratio_interval: tuple[float, float] | None
    shift_seconds: float | None
    shift_interval_seconds: tuple[float, float] | None
    p_value: float | None
    """Exact two-sided Mann-Whitney; in a list of several, adjusted by Holm."""
    chance_faster: float | None
    """The chance that a run of head beats one of base."""
    verdict: Outcome
    minimum_detectable_ratio: float | None
    """The ratio nearest to 1 that would have been seen 8 times of 10 with so many runs and this noise."""
    more_base: int = 0
    """So many runs of base are lacking before a verdict is possible."""
    more_head: int = 0
    fact: str | None = None
    """What can be said without statistics, where the samples are too small for them."""


@dataclass(frozen=True, slots=True)
class Confounder:
    """Something besides the code that differs between the sides, or is not known."""

    kind: str
    """`workflow-file`, `event`, `runner-labels`, `jobs`, `cache`, `weekdays` or `one-day`."""
    sentence: str
    known: bool = True
    """False: whether it differs could not be read."""
    blocks: bool = False
    """The sides may not be judged against each other at all."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: which runs, under which conditions, and what was left out for which reason."""

    label: str
    conditions: Conditions | None
    runs: tuple[ComparedRun, ...]
    left_out: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer to a question."""

    question: Question
    workflow_name: str | None
    workflow_path: str | None
    base: Side
    head: Side
    whole: Contrast
    """The measure that was asked for: the run, or one job or step of it."""
    jobs: tuple[Contrast, ...]
    """Those on both sides, by what they cost or save, most first."""
    steps: tuple[Contrast, ...]
    only_base: tuple[str, ...]
    """Jobs that head does not run."""
    only_head: tuple[str, ...]
    short_steps: int
    """Steps that were not compared because they take less than 5 s: their times have whole seconds."""
    confounders: tuple[Confounder, ...]
    sentence: str
    """One sentence with interval and n, ready for a ticket."""
