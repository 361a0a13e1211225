"""`cidash caches`: the ledger with the last misses, the stored entries, and the scan of log files."""

import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

from cidash.cli import loop, session
from cidash.cli.console import Cell, Console, warn
from cidash.cli.exits import OK, REFUSED
from cidash.cli.parser import Arguments
from cidash.cli.words import BOLD, DIM, GREEN, RED, YELLOW
from cidash.config.model import Config
from cidash.domain.cache import CacheState
from cidash.domain.cache_ledger import ArmResult, Autopsy, CacheAccount, CacheReport, CacheStorage, StorageGroup
from cidash.domain.cache_words import (
    ARM_WORDS,
    interval_text,
    rate_text,
    refs_text,
    shift_text,
    storage_text,
    worth_text,
)
from cidash.domain.format import DASH, age_text, seconds_text, size_text
from cidash.domain.repository import RepositoryId

COLLECT = 60
"""Requests that may go into logs and jobs that the history lacks."""
STATE_COLOURS = {
    CacheState.HIT: GREEN,
    CacheState.PARTIAL: YELLOW,
    CacheState.MISS: RED,
    CacheState.BROKEN: RED,
}


def ledger(arguments: Arguments) -> int:
    """Prints every cache by arm, what it is worth, and why its last miss missed; 1 when nothing could be read."""
    loaded = session.load_config(arguments)
    reports = loop.run(_read(loaded.config, session.choose(arguments, loaded).shown))
    if arguments.json:
        from cidash.cli.encode import dumps

        print(dumps(ledger_document(reports)))
    else:
        terminal = session.console(loaded.config)
        for report in reports:
            print_ledger(report, terminal)
    return _code(reports)


def entries(arguments: Arguments) -> int:
    """Prints the stored entries in groups and the use against the quota; 1 when they could not be read."""
    loaded = session.load_config(arguments)
    reports = loop.run(_read(loaded.config, session.choose(arguments, loaded).shown, collect=0, files=0))
    if arguments.json:
        from cidash.cli.encode import dumps

        print(dumps(entries_document(reports)))
    else:
        terminal = session.console(loaded.config)
        for report in reports:
            print_entries(report, terminal)
    _tell(reports)
    return OK if any(report.storage is not None for report in reports) else REFUSED


def scan_files(arguments: Arguments) -> int:
    """Prints the cache events of log files on disk, with the names that the configuration gives caches."""
    from cidash.cli.caches import scan

    names = session.load_config(arguments).config.caches.names
    return scan(arguments.files, arguments.json, sys.stdout, names=names)


async def _read(
    config: Config, repositories: tuple[RepositoryId, ...], collect: int = COLLECT, files: int = 100
) -> list[CacheReport]:
    async with session.opened(config, repositories) as engine:
        if collect:
            await engine.refresh(collect=collect)
        return [await engine.caches.of(repository).read(files) for repository in repositories]


def _code(reports: list[CacheReport]) -> int:
    _tell(reports)
    return OK if any(report.accounts or not report.problems for report in reports) else REFUSED


def _tell(reports: list[CacheReport]) -> None:
    for sentence in dict.fromkeys(problem.sentence for report in reports for problem in report.problems):
        warn(sentence)


# -- text ---------------------------------------------------------------------------------------------------------


def print_ledger(report: CacheReport, console: Console) -> None:
    """Prints the accounts of one repository."""
    console.heading(str(report.repository), "caches, by what the logs of finished jobs tell")
    if not report.accounts:
        console.note("  No cache was seen in the logs that were read. `cidash history sync` reads more of them.")
    for account in report.accounts:
        console.line()
        _print_account(account, report.autopsy(account), console, report.at)
    console.line()
    if report.storage is not None:
        console.note(f"  {storage_text(report.storage)}; `cidash caches entries` lists it")


def _print_account(account: CacheAccount, autopsy: Autopsy | None, console: Console, now: datetime) -> None:
    console.line(f"  {console.paint(console.own(account.cache), BOLD)}  {account.workflow_name}, {_jobs(account)}")
    head: list[Cell] = [(word, DIM) for word in ("arm", "n", "median", "95 %", "against none")]
    console.table([head, *(arm_row(one) for one in account.arms)], indent=4, right=(1, 2))
    for line in filter(None, (rate_text(account), worth_text(account))):
        console.line(f"    {line}")
    console.note(f"    {account.note}")
    if autopsy is not None:
        age = age_text((now - autopsy.at).total_seconds())
        word = console.paint(str(autopsy.state), STATE_COLOURS.get(autopsy.state))
        console.line(
            f"    last {word} {age} ago, #{autopsy.run_number} of {autopsy.branch or DASH}: {autopsy.sentence}"
        )
        for proof in autopsy.evidence:
            console.note(f"      {proof}")


def arm_row(one: ArmResult) -> list[Cell]:
    """Returns arm, n, median, interval and shift of one arm as text."""
    return [ARM_WORDS[one.arm], str(one.n), seconds_text(one.median_seconds), interval_text(one), shift_text(one)]


def _jobs(account: CacheAccount) -> str:
    return f"job{'s' if len(account.jobs) > 1 else ''} {', '.join(account.jobs)}"


def print_entries(report: CacheReport, console: Console) -> None:
    """Prints the groups of one repository, the largest first."""
    stored = report.storage
    if stored is None:
        return
    console.heading(str(report.repository), storage_text(stored))
    head: list[Cell] = [(word, DIM) for word in ("size", "entries", "PR only", "last used", "cache", "refs")]
    rows: list[list[Cell]] = [_group_row(one, report.at) for one in stored.groups]
    console.table([head, *rows], right=(0, 1, 2, 3))


def _group_row(one: StorageGroup, now: datetime) -> list[Cell]:
    used = DASH if one.last_accessed_at is None else age_text((now - one.last_accessed_at).total_seconds())
    pull = size_text(one.pull_bytes) if one.pull_bytes else ""
    return [size_text(one.size_bytes), str(one.count), pull, used, one.name, refs_text(one)]


# -- JSON ---------------------------------------------------------------------------------------------------------


def ledger_document(reports: list[CacheReport]) -> dict[str, Any]:
    """Returns the accounts and the last misses inside the envelope."""
    from cidash.cli.encode import envelope

    return {
        **envelope(reports[0].at),
        "repositories": [
            {
                "repository": str(report.repository),
                "caches": [_account_json(one, report.autopsy(one)) for one in report.accounts],
                "storage": None if report.storage is None else _storage_json(report.storage),
                "problems": [problem.sentence for problem in report.problems],
            }
            for report in reports
        ],
    }


def entries_document(reports: list[CacheReport]) -> dict[str, Any]:
    """Returns storage and its groups inside the envelope."""
    from cidash.cli.encode import envelope, moment

    def group(one: StorageGroup) -> dict[str, Any]:
        return {
            "name": one.name,
            "kind": one.kind,
            "count": one.count,
            "size_bytes": one.size_bytes,
            "pull_only_bytes": one.pull_bytes,
            "last_accessed_at": moment(one.last_accessed_at),
            "refs": list(one.refs),
            "entries": [
                {
                    **asdict(each),
                    "created_at": moment(each.created_at),
                    "last_accessed_at": moment(each.last_accessed_at),
                }
                for each in one.entries
            ],
        }

    return {
        **envelope(reports[0].at),
        "repositories": [
            {
                "repository": str(report.repository),
                "fetched_at": moment(report.stored_at),
                "storage": None if report.storage is None else _storage_json(report.storage),
                "groups": None if report.storage is None else [group(one) for one in report.storage.groups],
                "problems": [problem.sentence for problem in report.problems],
            }
            for report in reports
        ],
    }


def _storage_json(one: CacheStorage) -> dict[str, Any]:
    return {
        "count": one.count,
        "size_bytes": one.size_bytes,
        "usage_bytes": one.usage_bytes,
        "pull_only_bytes": one.pull_bytes,
        "quota_bytes": one.quota_bytes,
        "quota_is_told": one.quota_is_told,
    }


def _account_json(one: CacheAccount, autopsy: Autopsy | None) -> dict[str, Any]:
    from cidash.cli.encode import moment

    found = asdict(one)
    found["repository"] = str(one.repository)
    found["last_used_at"] = moment(one.last_used_at)
    found["last_miss"] = None if autopsy is None else {**asdict(autopsy), "at": moment(autopsy.at)}
    return found
