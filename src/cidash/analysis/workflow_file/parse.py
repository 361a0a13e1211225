"""Workflow YAML to `WorkflowFile`, within bounds: a stranger's file can be a bomb, huge, or nested without end."""

from collections.abc import Mapping, Sequence
from typing import Any

from cidash.domain.text import clean
from cidash.domain.workflow_file import DispatchInput, JobFile, Schedule, StepFile, Trigger, WorkflowFile

SIZE_LIMIT = 512 * 1024
"""GitHub refuses workflow files from about this size on."""
DEPTH_LIMIT = 40
EVENT_LIMIT = 60_000
JOB_LIMIT = 300
STEP_LIMIT = 1_000
_SCRIPT_LIMIT = 50_000


class WorkflowFileError(Exception):
    """The file can't be read as a workflow; the sentence says why."""


def parse_workflow(text: str | bytes) -> WorkflowFile:
    """Returns what a workflow file declares. Expressions stay as they are written.

    Anchors and aliases are followed; as only the expected shapes are visited, a file that multiplies itself costs no
    more than its own size.

    Raises:
        WorkflowFileError: too large, too deep, no YAML, or not shaped like a workflow.
    """
    data = _load(text)
    if not isinstance(data, Mapping):
        raise WorkflowFileError("the file is not a mapping")
    jobs = data.get("jobs")
    if not isinstance(jobs, Mapping) or not jobs:
        raise WorkflowFileError("the file has no jobs")
    if len(jobs) > JOB_LIMIT:
        raise WorkflowFileError(f"the file has more than {JOB_LIMIT} jobs")
    concurrency, cancels = _concurrency(data.get("concurrency"))
    return WorkflowFile(
        name=_text(data.get("name")),
        triggers=_triggers(data["on"] if "on" in data else data.get(True)),  # YAML 1.1 reads the key `on` as True
        jobs=tuple(_job(str(job_id), body) for job_id, body in jobs.items()),
        permissions=_permissions(data),
        concurrency=concurrency,
        cancel_in_progress=cancels,
    )


def _load(text: str | bytes) -> Any:
    import yaml

    if len(text) > SIZE_LIMIT:
        raise WorkflowFileError(f"the file is larger than {SIZE_LIMIT // 1024} KB")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for count, event in enumerate(yaml.parse(text, Loader=loader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEPTH_LIMIT or count > EVENT_LIMIT:
                raise WorkflowFileError("the file is nested too deep or has too many parts")
        return yaml.load(text, Loader=loader)  # noqa: S506 - one of the two safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise WorkflowFileError(f"the file is no valid YAML{place}") from error
    except (ValueError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise WorkflowFileError("the file is no valid YAML") from error


def _triggers(on: Any) -> tuple[Trigger, ...]:
    if isinstance(on, str):
        return (Trigger(clean(on)),)
    if isinstance(on, Sequence):
        return tuple(Trigger(clean(event)) for event in on if isinstance(event, str))
    if isinstance(on, Mapping):
        return tuple(_trigger(clean(str(event)), body) for event, body in on.items())
    return ()


def _trigger(event: str, body: Any) -> Trigger:
    if event == "schedule":
        entries = body if isinstance(body, Sequence) and not isinstance(body, str) else ()
        crons = [entry for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get("cron"), str)]
        return Trigger(
            event, schedules=tuple(Schedule(clean(one["cron"], 100), _text(one.get("timezone"))) for one in crons)
        )
    filters = body if isinstance(body, Mapping) else {}
    return Trigger(
        event,
        branches=_texts(filters.get("branches")),
        branches_ignore=_texts(filters.get("branches-ignore")),
        tags=_texts(filters.get("tags")),
        paths=_texts(filters.get("paths")),
        paths_ignore=_texts(filters.get("paths-ignore")),
        types=_texts(filters.get("types")),
        inputs=_inputs(filters.get("inputs")) if event == "workflow_dispatch" else (),
    )


def _inputs(body: Any) -> tuple[DispatchInput, ...]:
    if not isinstance(body, Mapping):
        return ()
    found = []
    for name, raw in body.items():
        entry = raw if isinstance(raw, Mapping) else {}
        found.append(
            DispatchInput(
                name=clean(str(name), 100),
                type=_text(entry.get("type")) or "string",
                required=entry.get("required") is True,
                default=_text(entry.get("default")),
                options=_texts(entry.get("options")),
                description=_text(entry.get("description")) or "",
            )
        )
    return tuple(found)


def _job(job_id: str, raw: Any) -> JobFile:
    body = raw if isinstance(raw, Mapping) else {}
    steps = body.get("steps")
    step_list = steps if isinstance(steps, Sequence) and not isinstance(steps, str) else ()
    if len(step_list) > STEP_LIMIT:
        raise WorkflowFileError(f"job {clean(job_id, 60)} has more than {STEP_LIMIT} steps")
    environment = body.get("environment")
    strategy = body.get("strategy")
    timeout = body.get("timeout-minutes")
    return JobFile(
        id=clean(job_id, 100),
        name=_text(body.get("name")),
        needs=_texts(body.get("needs")),
        condition=_text(body.get("if")),
        runs_on=_runs_on(body.get("runs-on")),
        uses=_text(body.get("uses")),
        environment=_text(environment.get("name") if isinstance(environment, Mapping) else environment),
        continue_on_error=_is_on(body.get("continue-on-error")),
        timeout_minutes=float(timeout) if isinstance(timeout, int | float) and not isinstance(timeout, bool) else None,
        has_matrix=isinstance(strategy, Mapping) and bool(strategy.get("matrix")),
        permissions=_permissions(body),
        steps=tuple(_step(one) for one in step_list if isinstance(one, Mapping)),
    )


def _step(body: Mapping[Any, Any]) -> StepFile:
    script = body.get("run")
    arguments = body.get("with")
    return StepFile(
        name=_text(body.get("name")),
        id=_text(body.get("id")),
        uses=_text(body.get("uses")),
        run=script[:_SCRIPT_LIMIT] if isinstance(script, str) else None,
        condition=_text(body.get("if")),
        continue_on_error=_is_on(body.get("continue-on-error")),
        arguments={
            clean(str(key), 100): value
            for key, raw in (arguments.items() if isinstance(arguments, Mapping) else ())
            if (value := _scalar(raw)) is not None
        },
    )


def _runs_on(body: Any) -> tuple[str, ...]:
    if isinstance(body, Mapping):
        group = _text(body.get("group"))
        return (*((f"group {group}",) if group else ()), *_texts(body.get("labels")))
    return _texts(body)


def _permissions(body: Mapping[Any, Any]) -> Mapping[str, str] | None:
    if "permissions" not in body:
        return None
    permissions = body["permissions"]
    if isinstance(permissions, str):
        return {"*": clean(permissions, 40)}
    if not isinstance(permissions, Mapping):
        return {}
    return {clean(str(key), 60): text for key, value in permissions.items() if (text := _text(value)) is not None}


def _concurrency(body: Any) -> tuple[str | None, bool]:
    if isinstance(body, Mapping):
        return _text(body.get("group")), _is_on(body.get("cancel-in-progress"))
    return _text(body), False


def _is_on(value: Any) -> bool:
    """Whether a switch is on; an expression may be on, so it counts as on."""
    return value is True or (isinstance(value, str) and value.strip().lower() not in {"", "false"})


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(text for one in value[:JOB_LIMIT] if (text := _text(one)) is not None)
    text = _text(value)
    return (text,) if text else ()


def _text(value: Any) -> str | None:
    scalar = _scalar(value)
    return clean(scalar) if scalar is not None else None


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if abs(value) < 1e15 else None
    return value[:_SCRIPT_LIMIT] if isinstance(value, str) else None
