import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from cidash.analysis.cachelog import LogReading

CORPUS = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Sample:
    """A log and what it must give: the labels name only the fields of an event that matter for the sample."""

    name: str
    raw: bytes
    log: str
    events: list[dict[str, Any]]
    states: list[str]

    def matched(self, reading: LogReading) -> int:
        """Returns how many labels an event fits, each event counting once."""
        left = [asdict(event) for event in reading.events]
        count = 0
        for label in self.events:
            found = next((event for event in left if label.items() <= event.items()), None)
            if found is not None:
                left.remove(found)
                count += 1
        return count


def samples() -> list[Sample]:
    """Returns the labelled corpus."""
    found = []
    for path in sorted(CORPUS.glob("*.json")):
        label = json.loads(path.read_text(encoding="utf-8"))
        raw = path.with_suffix(".log").read_bytes()
        found.append(Sample(path.stem, raw, label["log"], label["events"], label["states"]))
    return found


@pytest.fixture(scope="session")
def corpus() -> list[Sample]:
    return samples()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", samples(), ids=lambda sample: sample.name)
