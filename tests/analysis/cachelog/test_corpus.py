"""Every labelled log gives exactly its events, states and completeness; every message fits its sample."""

from typing import Any

from cidash.analysis.cachelog import read_events, states
from cidash.analysis.cachelog.messages import catalogue, phrases_of
from cidash.analysis.cachelog.scanner import Scanner


def test_a_labelled_log_gives_exactly_its_labels(sample: Any) -> None:
    reading = read_events([sample.raw])
    assert sample.matched(reading) == len(sample.events) == len(reading.events), reading.events
    assert [named.state.value for named in states(reading)] == sample.states
    assert reading.completeness == sample.log


def test_the_corpus_is_large_and_holds_look_alikes(corpus: list[Any]) -> None:
    assert len(corpus) >= 60
    assert sum(sample.name.startswith("none-") for sample in corpus) >= 12


def test_every_message_fits_its_own_sample() -> None:
    for message in catalogue().messages:
        assert message.text.fullmatch(message.sample), message.sample
        assert message.source
        assert "/" in message.source or " " in message.source


def test_a_sample_means_for_its_tool_what_its_entry_says() -> None:
    for message in catalogue().messages:
        for tool in message.tools:
            heard = phrases_of(tool).hear(message.sample)
            if tool in set(catalogue().actions.values()) and heard is not None:
                assert heard.means == message.means, message.sample


def test_lines_come_in_order_and_point_at_the_message(corpus: list[Any]) -> None:
    for sample in corpus:
        lines = sample.raw.split(b"\n")
        numbers = [event.line or 0 for event in read_events([sample.raw]).events]
        assert numbers == sorted(numbers)
        assert all(lines[number - 1].strip() for number in numbers)


def test_families_are_never_mixed_in_one_cache(corpus: list[Any]) -> None:
    for sample in corpus:
        families: dict[str, set[str]] = {}
        for event in read_events([sample.raw]).events:
            families.setdefault(event.cache, set()).add(event.family)
        assert all(len(found) == 1 for found in families.values())


def test_the_configuration_names_a_cache(corpus: list[Any]) -> None:
    raw = next(sample.raw for sample in corpus if sample.name == "cache-v4-hit")
    for pattern in ("Linux-pip-*", "Run actions/cache@*", "actions/cache: *"):
        assert {event.cache for event in read_events([raw], {pattern: "pip"}).events} == {"pip"}


def test_an_action_is_its_tool_whatever_its_path_and_case() -> None:
    assert catalogue().tool_of("gradle/actions/setup-gradle") == "gradle"
    assert catalogue().tool_of("Octo/Thing/sub") == "Octo/Thing"


class _Recorder:
    """Takes what the scanner hands on, after the first line, which it always does."""

    def __init__(self) -> None:
        self.found: list[bytes] = []

    def line(self, raw: bytes, number: int) -> bool:
        self.found.append(raw)
        return False


def test_the_scanner_hands_on_every_message_that_does_not_stand_inside_a_block() -> None:
    read_with_their_block = {("block", "sccache"), ("block", "turborepo"), ("hits", "ccache"), ("misses", "ccache")}
    for message in catalogue().messages:
        if (message.means, message.tools[0]) in read_with_their_block:
            continue
        tag = "##[notice]" if message.tools == ("sccache-action",) else ""
        for prefix, end in (("", "\n"), ("2026-08-17T04:25:16.8815322Z ", "\r\n"), ("a\tb\t2026-08-17T04:25:16Z ", "")):
            recorder = _Recorder()
            scanner = Scanner(recorder, lambda: False)
            scanner.feed(f"first\nsecond\n{prefix}{tag}{message.sample}{end}".encode())
            scanner.close()
            assert len(recorder.found) == 2, message.sample
