"""Why the last miss of a cache missed, with the log lines, entries, keys and files that prove it; else unknown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cidash.analysis.cache_key import changed_by, hashed_patterns, is_of_one_commit, key_expression
from cidash.analysis.cache_ledger import Use, uses_of
from cidash.domain.acting import StoredCache
from cidash.domain.cache import CacheEvent, CacheState, JobCaches
from cidash.domain.cache_ledger import Autopsy, CacheStorage, MissCause
from cidash.domain.ci import Attempt, Job, Run
from cidash.domain.format import age_text, percent
from cidash.domain.workflow_file import WorkflowFile

UNUSED_LIMIT = timedelta(days=7)
"""GitHub removes what nobody used for so long."""
_FULL = 0.9
_MISSED = frozenset({CacheState.MISS, CacheState.PARTIAL, CacheState.BROKEN})
_PATH = re.compile(r"Path Validation Error|path.*does not exist|paths? .*not (?:resolved|found)", re.IGNORECASE)
_DRIVER = re.compile(r"driver|feature is not supported|not supported for the docker", re.IGNORECASE)
_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """A cache in one attempt, with the events that tell of it."""

    use: Use
    job: Job
    events: tuple[CacheEvent, ...]

    @property
    def run(self) -> Run:
        """The run, at its attempt."""
        return self.use.attempt.run

    @property
    def requested(self) -> str | None:
        """The key that was asked for, where the log tells."""
        return next((one.key for one in self.events if one.operation == "restore" and one.key), None)

    @property
    def stored(self) -> str | None:
        """The key under which an entry is known to have been there in the end."""
        saved = (one.key for one in self.events if one.operation == "save" and one.outcome in {"saved", "conflict"})
        hit = (one.restored_key for one in self.events if one.operation == "restore" and one.outcome == "hit")
        return next((key for key in (*saved, *hit) if key), None)


@dataclass(frozen=True, slots=True)
class Miss:
    """The newest use of a cache that was no hit, and what was seen of the cache before, newest first."""

    cache: str
    family: str
    seen: Seen
    earlier: tuple[Seen, ...]
    older_runs: int
    """Older attempts of the workflow that the history holds, with the cache or without it."""
    others: tuple[CacheEvent, ...] = ()
    """Events of other caches of the same job."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What was found out for one miss; None for what could not be."""

    workflow: WorkflowFile | None = None
    """At the head commit of the miss."""
    changed_files: tuple[str, ...] | None = None
    """Between the head commit of `reference` and that of the miss."""
    entries: tuple[StoredCache, ...] | None = None
    storage: CacheStorage | None = None
    default_branch: str | None = None
    base_branch: str | None = None
    """Of the pull request that the miss belongs to."""
    lines: Mapping[int, str] = field(default_factory=dict)
    """Lines of the job's log, by number."""


def last_misses(attempts: Iterable[Attempt], caches: Mapping[int, JobCaches]) -> tuple[Miss, ...]:
    """Returns for each named cache of each workflow the newest use that was no hit, with what came before it."""
    by_workflow: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_workflow.setdefault(attempt.run.workflow_path, []).append(attempt)
    found = []
    for members in by_workflow.values():
        members.sort(key=lambda one: (one.run.started_at, *one.run.key), reverse=True)
        for (cache, family), uses in uses_of(members, caches).items():
            place = next((at for at, use in enumerate(uses) if use.state in _MISSED and not use.inferred), None)
            if place is None:
                continue
            seen = [_seen(use, cache, family, caches) for use in uses[place:]]
            older = sum(one.run.started_at < seen[0].run.started_at for one in members)
            others = tuple(one for one in caches[seen[0].job.id].events if one not in seen[0].events)
            found.append(Miss(cache, family, seen[0], tuple(seen[1:]), older, others))
    return tuple(found)


def reference(miss: Miss) -> Run | None:
    """Returns the run whose commit the miss is to be compared with: the newest before that left another key behind.

    One on the same branch goes before one on another. A docker build has no key: there it is the newest before.
    """
    docker = miss.family == "docker"
    usable = [
        one.run for one in miss.earlier if docker or (one.stored is not None and one.stored != miss.seen.requested)
    ]
    return next((one for one in usable if one.branch == miss.seen.run.branch), usable[0] if usable else None)


def lines_wanted(miss: Miss) -> tuple[int, ...]:
    """Returns the numbers of the log lines that prove something."""
    telling = [*miss.seen.events, *(one for one in miss.others if one.operation in {"import", "export"})]
    return tuple(sorted({one.line for one in telling if one.line}))


def autopsy(miss: Miss, clues: Clues) -> Autopsy:
    """Returns why it missed; what the clues do not prove stays unknown."""
    cause, sentence, evidence = _of_docker(miss, clues) if miss.family == "docker" else _of_entry(miss, clues)
    run = miss.seen.run
    return Autopsy(
        run.workflow_path,
        miss.cache,
        miss.seen.use.state,
        run.id,
        run.attempt,
        run.number,
        run.branch,
        run.head_sha,
        run.started_at,
        miss.seen.job.url or run.url,
        cause,
        sentence,
        tuple(evidence),
    )


_Found = tuple[MissCause, str, list[str]]


def _of_entry(miss: Miss, clues: Clues) -> _Found:
    said = [_told(one, clues) for one in miss.seen.events]
    if miss.family != "actions":
        return MissCause.UNKNOWN, "Its counts say that something was not cached, not why.", said
    return _of_key(miss, clues, said)


def _of_key(miss: Miss, clues: Clues, said: list[str]) -> _Found:
    key = miss.seen.requested
    expression = key_expression(clues.workflow, miss.seen.job.name, miss.seen.events, key)
    if expression:
        said.append(f"key: {expression}")
    failed = next((one for one in miss.seen.events if one.operation == "save" and one.outcome == "failed"), None)
    if failed is not None:
        return MissCause.NEVER_SAVED, _why_not_saved(failed, expression, clues, miss), said
    if expression and is_of_one_commit(expression):
        sentence = "The key holds what changes with every commit or run, so that it can never be hit exactly."
        return MissCause.NEVER_SAVED, sentence, said
    if key is None:
        return MissCause.UNKNOWN, "The log does not tell which key was asked for.", said
    same = [one for one in miss.earlier if one.stored == key]
    listed = [
        one
        for one in clues.entries or ()
        if one.key == key and (one.created_at or miss.seen.run.started_at) < _at(miss)
    ]
    if same or listed:
        return _same_key(miss, clues, same, listed, said)
    if miss.earlier and not any(one.stored for one in miss.earlier):
        lost = [_ran(one) + " saved nothing" for one in miss.earlier[:_MOST_SHOWN]]
        return MissCause.NEVER_SAVED, "No earlier run left an entry behind.", [*said, *lost]
    return _other_key(miss, clues, key, expression, said)


def _why_not_saved(failed: CacheEvent, expression: str | None, clues: Clues, miss: Miss) -> str:
    text = clues.lines.get(failed.line or 0, "")
    if _DRIVER.search(text):
        why = "the builder's driver can't export a cache"
    elif _PATH.search(text):
        why = "there was nothing at its path when the job ended"
    else:
        why = "the save at the end of the job failed"
    built = [one for one in miss.others if one.family == "docker"]
    if built and not any(one.operation in {"import", "export"} for one in built):
        why += ", and the build that should fill it neither imported nor exported a cache"
    if expression and is_of_one_commit(expression):
        why += "; its key changes with every commit, so that it could never be hit exactly either"
    return f"Never saved: {why}."


def _same_key(miss: Miss, clues: Clues, same: Sequence[Seen], listed: Sequence[StoredCache], said: list[str]) -> _Found:
    visible = _visible_branches(miss, clues)
    refs = _visible_refs(miss, visible)
    known = [one for one in same if one.run.branch in visible]
    there = [one for one in listed if one.ref in refs]
    if not known and not there:
        told = [f"{_ran(one)} left this key behind" for one in same[:_MOST_SHOWN]]
        told += [f"entry {one.key} of {one.ref}, {_age(one, miss)} old then" for one in listed[:_MOST_SHOWN]]
        own = miss.seen.run.branch or "this ref"
        sentence = f"The key was saved, but under a ref that {own} can't read: {_names(same, listed)}."
        return MissCause.OTHER_SCOPE, sentence, [*said, *told]
    if there:
        told = [f"entry {one.key} of {one.ref}, {_age(one, miss)} old then" for one in there[:_MOST_SHOWN]]
        sentence = "An entry with this key was there; its paths or compression may differ, which the log does not tell."
        return MissCause.UNKNOWN, sentence, [*said, *told]
    last = known[0]
    idle = miss.seen.run.started_at - last.run.started_at
    told = [f"{_ran(last)} had this key, {age_text(idle.total_seconds())} before"]
    if clues.entries is not None:
        told.append("no older entry with this key is stored now")
    if idle > UNUSED_LIMIT:
        sentence = (
            f"Evicted by age: nobody had used it for {age_text(idle.total_seconds())}, and GitHub keeps it 7 days."
        )
        return MissCause.EVICTED, sentence, [*said, *told]
    share = _fullness(clues.storage)
    if share is not None and share >= _FULL:
        sentence = f"Evicted by quota: {percent(share)} of the storage is used, and what was used least goes first."
        return MissCause.EVICTED, sentence, [*said, *told]
    used = "" if share is None else f" The storage is {percent(share)} full."
    sentence = f"The entry was removed, neither by age nor, as far as is known, by the quota.{used}"
    return MissCause.UNKNOWN, sentence, [*said, *told]


def _other_key(miss: Miss, clues: Clues, key: str, expression: str | None, said: list[str]) -> _Found:
    before = [one for one in miss.earlier if one.stored is not None]
    if miss.earlier and not before:
        lost = [_ran(one) + " left no entry behind" for one in miss.earlier[:_MOST_SHOWN]]
        return MissCause.NEVER_SAVED, "No earlier run left an entry behind.", [*said, *lost]
    if not before:
        if miss.older_runs:
            told = f"{miss.older_runs} older attempts of the workflow are in the history, none of them with this cache"
            return MissCause.FIRST_RUN, "The first run with this cache: there was nothing to restore.", [*said, told]
        return MissCause.UNKNOWN, "The history does not reach back before this run.", said
    run = reference(miss)
    last = next(one for one in before if run is not None and one.run.key == run.key)
    said += [f"{_ran(last)} had the key {last.stored}", f"this run asked for {key}"]
    patterns = hashed_patterns(expression or "")
    if last.run.branch not in _visible_branches(miss, clues) and miss.seen.run.branch != last.run.branch:
        said.append(f"{last.run.branch} is not a branch that {miss.seen.run.branch} can read")
    if clues.changed_files is None:
        return MissCause.KEY_CHANGED, "The key changed; which files changed could not be asked.", said
    guilty = changed_by(patterns, clues.changed_files)
    span = f"{last.run.short_sha}…{miss.seen.run.short_sha}"
    if guilty:
        said += [f"changed in {span}: {path}" for path in guilty[:_MOST_SHOWN]]
        more = f" and {len(guilty) - 3} more" if len(guilty) > 3 else ""
        return MissCause.KEY_CHANGED, f"The key changed, because {', '.join(guilty[:3])}{more} did.", said
    said.append(f"{len(clues.changed_files)} files changed in {span}, none of them matches the key's hashFiles")
    return MissCause.KEY_CHANGED, "The key changed, but not by a file that its expression hashes.", said


def _of_docker(miss: Miss, clues: Clues) -> _Found:
    said = [_told(one, clues) for one in miss.seen.events]
    failed = [one for one in miss.seen.events if one.outcome == "failed"]
    refused = next((one for one in failed if one.operation == "export"), None)
    if refused is not None:
        text = clues.lines.get(refused.line or 0, "")
        why = "the builder's driver can't export a cache" if _DRIVER.search(text) else "the export of the cache failed"
        return MissCause.NEVER_SAVED, f"Never saved: {why}.", said
    if any(one.operation == "import" for one in failed):
        missed = [one for one in miss.others if one.operation == "restore" and one.outcome in {"miss", "failed"}]
        if missed:
            said.append(_told(missed[0], clues))
            sentence = f"There was nothing to import: {missed[0].cache} had not restored it."
        else:
            sentence = "There was nothing to import; the log does not tell why."
        return MissCause.UNKNOWN, sentence, said
    changed = [path for path in clues.changed_files or () if _shapes_image(path)]
    if changed:
        said += [f"changed since the run before: {path}" for path in changed[:_MOST_SHOWN]]
        sentence = f"Layers were built anew, because {', '.join(changed[:3])} changed."
        return MissCause.KEY_CHANGED, sentence, said
    return MissCause.UNKNOWN, "Layers were built anew; which file made them differ is not known.", said


def _shapes_image(path: str) -> bool:
    name = path.rpartition("/")[2].casefold()
    return "dockerfile" in name or name == ".dockerignore" or name.startswith(("docker-compose", "compose."))


def _told(event: CacheEvent, clues: Clues) -> str:
    text = clues.lines.get(event.line or 0)
    if text:
        return f"log line {event.line}: {text}"
    key = f" of {event.key}" if event.key else ""
    place = f"log line {event.line}: " if event.line else ""
    return f"{place}{event.operation} {event.outcome}{key}"


def _visible_branches(miss: Miss, clues: Clues) -> set[str | None]:
    """Returns the branches whose entries the run may restore: its own, the base of its pull request, the default."""
    return {miss.seen.run.branch, clues.base_branch, clues.default_branch} - {None}


def _visible_refs(miss: Miss, branches: Iterable[str | None]) -> set[str]:
    refs = {f"refs/heads/{branch}" for branch in branches}
    return refs | {f"refs/pull/{number}/merge" for number in miss.seen.run.pull_requests}


def _fullness(storage: CacheStorage | None) -> float | None:
    if storage is None or storage.quota_bytes <= 0:
        return None
    return max(storage.usage_bytes or 0, storage.size_bytes) / storage.quota_bytes


def _names(same: Iterable[Seen], listed: Iterable[StoredCache]) -> str:
    names = dict.fromkeys([*(one.run.branch or one.run.event for one in same), *(one.ref for one in listed)])
    return ", ".join(list(names)[:3])


def _ran(seen: Seen) -> str:
    return f"#{seen.run.number} of {seen.run.branch or seen.run.event} at {seen.run.short_sha}"


def _age(entry: StoredCache, miss: Miss) -> str:
    return "?" if entry.created_at is None else age_text((_at(miss) - entry.created_at).total_seconds())


def _at(miss: Miss) -> datetime:
    return miss.seen.job.started_at or miss.seen.run.started_at


def _seen(use: Use, cache: str, family: str, caches: Mapping[int, JobCaches]) -> Seen:
    worst = use.jobs[0]
    for job in use.jobs:
        mine = [one for one in caches[job.id].events if (one.cache, one.family) == (cache, family)]
        if any(one.outcome in {"miss", "failed", "partial"} for one in mine):
            worst = job
            break
    events = tuple(one for one in caches[worst.id].events if (one.cache, one.family) == (cache, family))
    return Seen(use, worst, events)
