"""Finding a text in a log: piece by piece, over what is shown, never over the whole of it at once."""

import re
from collections.abc import Iterator

from cidash.analysis.log_view.index import LINE_LIMIT
from cidash.analysis.log_view.line import PREFIXES, LineKind
from cidash.domain.text import clean_block

_STAMP = re.compile(r"^\ufeff?(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z(?: |$))?\ufeff?", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;:]{0,60}m")
_TAGS = tuple((f"##[{kind}]", PREFIXES.get(kind, "")) for kind in LineKind if kind is not LineKind.PLAIN)
_LONGEST_FOR_REGEX = 4_096


class PatternError(ValueError):
    """The text can't be searched for; `str()` is the whole sentence."""


class Pattern:
    """What is searched for. All in small letters it finds any case."""

    def __init__(self, text: str, *, regex: bool = False, ignore_case: bool | None = None) -> None:
        """Raises PatternError when it is no regular expression, or one that may take for ever.

        Args:
            text: what to find.
            regex: whether the text is a regular expression.
            ignore_case: None lets the text decide: without a capital letter it finds any case.
        """
        if not text:
            raise PatternError("There is nothing to search for.")
        self.text = text
        self._is_regex = regex
        folds = text == text.lower() if ignore_case is None else ignore_case
        try:
            self._compiled = re.compile(text if regex else re.escape(text), re.IGNORECASE if folds else 0)
            hopeless = regex and _may_explode(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternError(f"{text[:100]} is no regular expression: {error}.") from None
        if hopeless:
            raise PatternError(f"{text[:100]} repeats what is repeated already: that may take for ever.")

    def spans(self, shown: str) -> list[tuple[int, int]]:
        """Returns where the shown text holds it, at most a hundred places."""
        spans = []
        for found in self._compiled.finditer(shown[: self._reach]):
            if found.end() > found.start():
                spans.append(found.span())
            if len(spans) >= 100:
                break
        return spans

    def is_in(self, shown: str) -> bool:
        """Returns whether the shown text holds it."""
        return self._compiled.search(shown, 0, self._reach) is not None

    def lines(self, block: bytes, first_line: int) -> Iterator[int]:
        """Yields the lines that show it, of a block of whole lines whose first one is `first_line`."""
        text = shown_block(block)
        if not self._is_regex and "##[" not in text and self._compiled.search(text) is None:
            return  # what is not in the whole of it is not in a part either
        text = _STAMP.sub("", text)
        if "##[" in text:
            for tag, shown in _TAGS:
                text = text.replace(tag, shown)
        if not self._is_regex and self._compiled.search(text) is None:
            return
        for number, line in enumerate(text.split("\n")):
            if line and self._compiled.search(line, 0, min(self._reach, len(line))) is not None:
                yield first_line + number

    @property
    def _reach(self) -> int:
        return _LONGEST_FOR_REGEX if self._is_regex else LINE_LIMIT


def shown_block(block: bytes) -> str:
    """Returns whole lines as text without control characters; the number of lines stays the same."""
    text = block.decode("utf-8", "replace")
    if text.isascii() and "\x1b" not in text and "\r" not in text and "\t" not in text and "\x00" not in text:
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", " ")
    if "\x1b[" in text:
        text = _COLOUR.sub("", text)  # most of what there is, and much cheaper than the whole cleaning
    if "\x1b" in text or not text.isascii():
        return clean_block(text, len(text))
    return text.replace("\t", "    ")


def _may_explode(text: str) -> bool:
    """Whether the expression repeats without limit something that itself repeats without limit."""
    from re import _parser  # type: ignore[attr-defined]

    return _nested(_parser.parse(text), inside=False)


def _nested(parsed: object, *, inside: bool) -> bool:
    for operation, argument in parsed:  # type: ignore[attr-defined]
        name = str(operation)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            _, most, body = argument
            unbounded = int(most) > 20
            if (inside and unbounded) or _nested(body, inside=inside or unbounded):
                return True
        elif name in {"SUBPATTERN", "ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"}:
            body = argument[-1] if isinstance(argument, tuple) else argument
            if _nested(body, inside=inside):
                return True
        elif name == "BRANCH" and any(_nested(branch, inside=inside) for branch in argument[1]):
            return True
    return False
