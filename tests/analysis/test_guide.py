"""Guides: headings with keys whatever stands before them, in documents that nobody checked."""

from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.duration_words import jira_duration, seconds_in
from cidash.analysis.guide import epic_of, read_guide

GUIDE = """\
# KAN-40 CI/CD Hardening - Implementation Guide
**Epic:** KAN-40 - Production-grade pipeline

### ✅ KAN-80: Mock smoke test
**Status:** Done (pre-existing)

### â³ KAN-77: Container build cache
**Status:** Ready to implement
**Goal:** Reduce the build from ~3min to ~30s

1. **Restore stashed changes:**
   ```markdown
   ## Versioning
   ```bash
   # KAN-1: a comment is no ticket
   ```
   ```
**Estimated time:** 30-45 minutes

### 💡 KAN-86: Security scanning (RECOMMENDED)
**Status:** Not created in Jira (recommended addition)
**Goal:** Add automated security scanning
   ```
   Summary: CI: add security scanning (bandit, safety, trivy)
   Description:
   Add security scanning:
   - bandit
   ```
**Estimated time:** 45-60 minutes

## Summary Checklist
- [x] KAN-99: not a heading
"""


def test_a_guide_is_read_as_people_read_it() -> None:
    cache = read_guide(GUIDE)[1]
    scan = read_guide(GUIDE)[2]
    assert [one.key for one in read_guide(GUIDE)] == ["KAN-80", "KAN-77", "KAN-86"]
    assert (cache.title, cache.status, cache.estimate_seconds) == ("Container build cache", "Ready to implement", 2700)
    assert cache.goal == "Reduce the build from ~3min to ~30s"
    assert "Restore stashed changes" in cache.description
    assert scan.is_missing
    assert not cache.is_missing
    assert (scan.title, scan.summary) == ("Security scanning", "CI: add security scanning (bandit, safety, trivy)")
    assert scan.label == "guide-KAN-86"
    assert "- bandit" in scan.description
    assert scan.estimate_seconds == 3600
    assert epic_of(GUIDE) == "KAN-40"


def test_a_code_block_that_is_never_closed_hides_no_ticket() -> None:
    assert [one.key for one in read_guide("## KAN-1: one\n```\nx\n## KAN-2: two\n")] == ["KAN-1", "KAN-2"]


def test_hostile_titles_are_clean() -> None:
    found = read_guide("## KAN-1: \x1b[2Jx\u202ey\n")
    assert found[0].title == "xy"


_PREFIX = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="#`~"), max_size=12)


@given(_PREFIX, st.integers(1, 10**6), st.integers(2, 6))
def test_whatever_stands_before_the_key(prefix: str, number: int, level: int) -> None:
    heading = f"{'#' * level} {prefix} KAN-{number}: Title of it"
    if not heading.isprintable():
        return
    assert [(one.key, one.title) for one in read_guide(heading)] == [(f"KAN-{number}", "Title of it")]


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    first = read_guide(text)
    assert read_guide(text) == first
    assert len({one.key for one in first}) == len(first)
    epic_of(text)


@given(st.lists(st.sampled_from(GUIDE.splitlines()), max_size=40))
def test_any_order_of_lines_is_read_without_an_error(lines: list[str]) -> None:
    for one in read_guide("\n".join(lines)):
        assert one.title
        assert one.summary
        assert len(one.description) <= 8_000
        assert one.estimate_seconds is None or one.estimate_seconds > 0


def test_durations_as_people_write_them() -> None:
    written = {
        "30-45 minutes": 2700,
        "1-2 hours": 7200,
        "1h 30m": 5400,
        "2 days": 57_600,
        "~45 min": 2700,
        "soon": None,
        "": None,
        "1.5 hours": 5400,
        "3 months": None,
    }
    assert {text: seconds_in(text) for text in written} == written
    assert jira_duration(2700) == "45m"
    assert jira_duration(1) == "1m"


@given(st.text(max_size=200))
def test_any_text_has_a_positive_duration_or_none(text: str) -> None:
    assert (seconds_in(text) or 0) >= 0
