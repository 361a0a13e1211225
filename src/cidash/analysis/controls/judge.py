"""All controls of the guide, judged by what could be read."""

from cidash.analysis.controls import badges, formatting, pipeline, release, scans
from cidash.analysis.controls.facts import Facts
from cidash.analysis.controls.verdict import decide
from cidash.domain.control import Control, ControlSettings, Evidence, EvidenceKind

_TITLES = {
    "C1": "Lint and test run in parallel",
    "C2": "CI takes less than 5 minutes",
    "C3": "The build cache works and the second run is faster",
    "C4": "No direct push to the default branch",
    "C5a": "Required checks are lint and test",
    "C5b": "Branches must be up to date before a merge",
    "C5c": "One approval, stale ones dismissed",
    "C5d": "The rules apply to administrators",
    "C5e": "Pushes are restricted",
    "C5f": "A red pull request can't be merged",
    "C6": "A tag makes a release and an image",
    "C7": "Security scans run weekly and on pull requests",
    "C8": "The nightly smoke run is on time and green",
    "C9": "All badges of the README are green",
    "C10": "Formatting is enforced, lint coverage is 100 %",
    "C11": "Rolling back is prepared",
}
_NOT_IN_FILES = {
    "C2": "How long CI takes",
    "C4": "Who may push",
    "C5a": "Which checks are required",
    "C5b": "Whether branches must be up to date",
    "C5c": "How many approvals are required",
    "C5d": "Whether administrators are bound",
    "C5e": "Whether pushes are restricted",
    "C5f": "Whether red pull requests were merged",
}
_CONFIGURED = frozenset({"C4", "C5a", "C5b", "C5c", "C5d", "C5e"})


def judge_files(facts: Facts, settings: ControlSettings) -> tuple[Control, ...]:
    """Returns every control by its declared evidence alone, as far as files can tell.

    What only settings or events can tell is unknown, and so is every control that would have to be seen to happen:
    a file never gives a pass by itself.
    """
    declared = {
        "C1": pipeline.parallel_jobs(facts, settings),
        "C3": pipeline.wired_cache(facts),
        "C6": release.release_chain(facts, settings),
        "C7": scans.security_scans(facts, settings),
        "C8": scans.nightly(facts, settings),
        "C9": badges.declared_badges(facts),
        "C10": formatting.formatting(facts),
        "C11": release.rollback_written(facts),
    }
    controls = []
    for control_id, title in _TITLES.items():
        needed = declared.get(control_id, ())
        if not needed:
            kind = EvidenceKind.CONFIGURED if control_id in _CONFIGURED else EvidenceKind.OBSERVED
            text = f"{_NOT_IN_FILES[control_id]} is not written in files."
            needed = (Evidence(kind, None, text, "not asked"),)
        controls.append(decide(control_id, title, needed, observable=True))
    return tuple(controls)


def files_exit_status(controls: tuple[Control, ...]) -> int:
    """Returns 1 if a declared item does not hold, else 2 if one could not be read, else 0."""
    declared = [one for control in controls for one in control.evidence if one.kind is EvidenceKind.DECLARED]
    if any(one.holds is False for one in declared):
        return 1
    return 2 if any(one.holds is None for one in declared) else 0
