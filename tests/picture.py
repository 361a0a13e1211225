"""Draws docs/screen.svg: the real app on the real demo servers, 120 by 40. `PYTHONPATH=tests python tests/picture.py`.

The app starts as a user's would, with an empty history; the picture is taken once everything has been read.
"""

import asyncio
import re
import sys
from pathlib import Path

from cidash.cli import session
from cidash.config.load import load_text
from cidash.demo.serve import start
from cidash.domain.clock import SystemClock
from cidash.domain.snapshot import Snapshot, SourceState
from cidash.tui.app import CidashApp

SIZE = (120, 40)
PATIENCE_SECONDS = 60.0
SETTLED_SECONDS = 5.0
_FONT_FACE = re.compile(r"@font-face \{[^}]*\}\s*")
_LEADING_SPACE = re.compile(r' x="([\d.]+)"( y="[\d.]+") textLength="([\d.]+)"([^>]*)>((?:&#160;)+)')
_CELL_WIDTH = 12.2
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"


async def draw() -> str:
    """Returns the screen as SVG.

    Raises:
        TimeoutError: the demo was not read in time.
    """
    with start() as servers:
        config = load_text(servers.config_text, "the demo's config")
        repositories = [repository.id for repository in config.repositories]
        engine = session.build_engine(config, repositories)
        try:
            engine.open()
            app = CidashApp(engine, SystemClock(), repository=repositories[0])
            async with app.run_test(size=SIZE) as pilot:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    known, quiet = -1, 0.0
                    while quiet < SETTLED_SECONDS:
                        await pilot.pause(0.5)
                        seen = kept(engine.snapshot)
                        quiet = quiet + 0.5 if seen == known and is_read(engine.snapshot) else 0.0
                        known = seen
                svg = app.export_screenshot(title="cidash demo")
        finally:
            await engine.close()
    return without_foreign_fonts(svg)


def is_read(snapshot: Snapshot) -> bool:
    """Whether every source has answered."""
    repository = snapshot.repositories[0]
    parts = (repository.runs, repository.pulls, repository.workflows, snapshot.epic)
    return all(part.state is SourceState.LIVE for part in parts) and bool(repository.jobs)


def kept(snapshot: Snapshot) -> int:
    """Returns how much the history has given so far."""
    return sum(target.n for target in snapshot.targets) + len(snapshot.repositories[0].caches)


def without_foreign_fonts(svg: str) -> str:
    """Returns the picture drawn with the reader's own fonts: nothing is fetched from another host."""
    svg = re.sub(r"font-family: ?(?:Fira Code|arial)[^;]*;", f"font-family: {_FONTS};", _FONT_FACE.sub("", svg))
    svg = _LEADING_SPACE.sub(_moved, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _moved(found: re.Match[str]) -> str:
    """Starts a text where its first letter is: not every program that draws SVG keeps spaces at its beginning."""
    x, y, length, rest, spaces = found.groups()
    room = spaces.count("&#160;") * _CELL_WIDTH
    if room >= float(length):
        return found[0]
    return f' x="{float(x) + room:g}"{y} textLength="{float(length) - room:g}"{rest}>'


def main() -> int:
    """Writes the picture."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screen.svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(asyncio.run(draw()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
