"""C7 security scans weekly and on pull requests, fail-closed; C8 the nightly smoke run is scheduled."""

from collections.abc import Iterator

from cidash.analysis.controls.facts import Facts
from cidash.analysis.controls.scripts import action_steps, commands, is_masked, tool_steps
from cidash.domain.control import ControlSettings, Evidence, EvidenceKind
from cidash.domain.workflow_file import WorkflowFile

_DECLARED = EvidenceKind.DECLARED
_ACTIONS = {"trivy": "aquasecurity/trivy-action", "bandit": "pycqa/bandit-action"}


def security_scans(facts: Facts, settings: ControlSettings) -> tuple[Evidence, ...]:
    """Returns for each group of scanners whether one of it runs at the cron and on pull requests, and can fail."""
    return tuple(_scanner(facts, group, settings.scan_cron) for group in settings.scanners)


def nightly(facts: Facts, settings: ControlSettings) -> tuple[Evidence, ...]:
    """Returns whether a workflow is scheduled at the nightly cron."""
    for path, file in facts.readable().items():
        if settings.nightly_cron in _crons(file):
            return (Evidence(_DECLARED, True, f"{path} is scheduled at {settings.nightly_cron!r} UTC.", path),)
    return (_absent(facts, f"No workflow is scheduled at {settings.nightly_cron!r} UTC."),)


def _scanner(facts: Facts, tools: tuple[str, ...], cron: str) -> Evidence:
    name = " or ".join(tools)
    faults: list[Evidence] = []
    for path, file in facts.readable().items():
        for tool in tools:
            fault = _fault(file, tool, cron)
            if fault == "":
                return Evidence(_DECLARED, True, f"{path} runs {tool} at {cron!r} and on pull requests.", path)
            if fault is not None:
                faults.append(Evidence(_DECLARED, False, f"{path}: {tool} {fault}.", path))
    return faults[0] if faults else _absent(facts, f"No workflow runs {name}.")


def _fault(file: WorkflowFile, tool: str, cron: str) -> str | None:
    """Returns what is wrong with the tool's use; empty when nothing is, None when it is not used."""
    uses = list(_uses(file, tool))
    if not uses:
        return None
    pull = file.trigger("pull_request")
    if pull is None or pull.paths or pull.paths_ignore:
        return "does not run on every pull request"
    if cron not in _crons(file):
        return f"is not scheduled at {cron!r}"
    return "" if any(uses) else "can find something without failing"


def _uses(file: WorkflowFile, tool: str) -> Iterator[bool]:
    """Yields, for every use of the tool, whether a finding would fail the job."""
    for job, step, command in tool_steps(file, tool):
        if tool == "trivy" and "--exit-code" not in command:
            yield False
        else:
            yield not is_masked(command, step, job)
    for job, step in action_steps(file, _ACTIONS.get(tool, "\n")):
        fails = tool != "trivy" or step.arguments.get("exit-code", "0") not in {"0", ""}
        yield fails and not step.continue_on_error and not job.continue_on_error
    for job in file.jobs:
        for step in job.steps:
            for command in commands(step):
                if command.startswith("docker run") and f"/{tool} " in command:
                    yield "--exit-code" in command and not is_masked(command, step, job)


def _crons(file: WorkflowFile) -> set[str]:
    schedule = file.trigger("schedule")
    return {one.cron for one in schedule.schedules if one.timezone in {None, "UTC", "Etc/UTC"}} if schedule else set()


def _absent(facts: Facts, text: str) -> Evidence:
    unread = facts.unread_workflows()
    return Evidence(_DECLARED, None if unread else False, unread[0] if unread else text, ".github/workflows")
