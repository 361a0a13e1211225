"""C1 lint and test in parallel, C3 the build cache is wired so that it can work."""

from collections.abc import Iterator, Mapping

from cidash.analysis.controls.facts import Facts, job_called
from cidash.analysis.controls.scripts import action_steps, commands
from cidash.domain.control import ControlSettings, Evidence, EvidenceKind
from cidash.domain.workflow_file import JobFile, StepFile, WorkflowFile

_DECLARED = EvidenceKind.DECLARED
_SETUP_CACHES = ("actions/setup-python", "actions/setup-node", "actions/setup-go", "actions/setup-java")


def parallel_jobs(facts: Facts, settings: ControlSettings) -> tuple[Evidence, ...]:
    """Returns whether a workflow for pull requests declares both jobs, neither waiting for the other."""
    wanted = (settings.lint_job, settings.test_job)
    for path, file in facts.readable().items():
        jobs = [job_called(file, name) for name in wanted]
        if None in jobs:
            continue
        lint, test = (job for job in jobs if job is not None)
        if file.trigger("pull_request") is None:
            return (Evidence(_DECLARED, False, f"{path} has both jobs, but not for pull requests.", path),)
        if _waits(file, lint, test) or _waits(file, test, lint):
            return (Evidence(_DECLARED, False, f"In {path} one of {' and '.join(wanted)} waits for the other.", path),)
        return (Evidence(_DECLARED, True, f"{path} runs {' and '.join(wanted)} side by side.", path),)
    present = {name for file in facts.readable().values() for name in wanted if job_called(file, name)}
    missing = [name for name in wanted if name not in present]
    if facts.unread_workflows():
        return (Evidence(_DECLARED, None, facts.unread_workflows()[0], ".github/workflows"),)
    text = f"No workflow has a job {' or '.join(missing)}." if missing else "No one workflow has both jobs."
    return (Evidence(_DECLARED, False, text, ".github/workflows"),)


def wired_cache(facts: Facts) -> tuple[Evidence, ...]:
    """Returns for every cache that a workflow declares whether it can work as it is declared."""
    found = [evidence for path, file in facts.readable().items() for evidence in _caches(path, file)]
    if found:
        return tuple(found)
    if facts.unread_workflows():
        return (Evidence(_DECLARED, None, facts.unread_workflows()[0], ".github/workflows"),)
    return (Evidence(_DECLARED, False, "No workflow declares a cache.", ".github/workflows"),)


def _waits(file: WorkflowFile, job: JobFile, other: JobFile) -> bool:
    """Whether `job` needs `other`, directly or through others."""
    seen: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        need = waiting.pop()
        if need == other.id:
            return True
        if need not in seen:
            seen.add(need)
            needed = file.job(need)
            waiting.extend(needed.needs if needed is not None else ())
    return False


def _caches(path: str, file: WorkflowFile) -> Iterator[Evidence]:
    for _, step in action_steps(file, "actions/cache"):
        key = step.arguments.get("key", "")
        if "github.sha" in key or "github.run_id" in key:
            text = f"The cache {step.title!r} in {path} is keyed on the commit, so it can never hit exactly."
            yield Evidence(_DECLARED, False, text, path)
        else:
            yield Evidence(_DECLARED, True, f"{path} declares the cache {step.title!r}.", path)
    for action in _SETUP_CACHES:
        for _, step in action_steps(file, action):
            if step.arguments.get("cache"):
                yield Evidence(_DECLARED, True, f"{path} lets {action} cache {step.arguments['cache']}.", path)
    for job in file.jobs:
        yield from _docker_caches(path, job)


def _docker_caches(path: str, job: JobFile) -> Iterator[Evidence]:
    builder = any((step.uses or "").startswith("docker/setup-buildx-action@") for step in job.steps)
    for step in job.steps:
        if not _exports_layers(step.arguments, step):
            continue
        if builder:
            yield Evidence(_DECLARED, True, f"{path} caches image layers in job {job.id}.", path)
        else:
            text = f"Job {job.id} in {path} caches image layers with the default Docker driver, which can't export."
            yield Evidence(_DECLARED, False, text, path)


def _exports_layers(arguments: Mapping[str, str], step: StepFile) -> bool:
    if (step.uses or "").startswith("docker/build-push-action@"):
        return "cache-to" in arguments
    return any("--cache-to" in command for command in commands(step))
