"""Atlassian Document Format, which v3 uses for texts where v2 uses plain ones."""

from typing import Any

from cidash.demo.jira.refusal import RefusedError

NOT_A_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


def document(text: str) -> dict[str, Any]:
    """Return a text as a document: a paragraph per block, a hard break per line."""
    return {"type": "doc", "version": 1, "content": [_paragraph(block) for block in text.split("\n\n") if block]}


def _paragraph(block: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for number, line in enumerate(block.split("\n")):
        if number:
            content.append({"type": "hardBreak"})
        if line:
            content.append({"type": "text", "text": line})
    return {"type": "paragraph", "content": content}


def shown(text: str, version: int) -> str | dict[str, Any] | None:
    """Return a text as a version of the API gives it; an empty one is null."""
    if not text:
        return None
    return document(text) if version == 3 else text


def received(value: object, version: int, field: str) -> str:
    """Return what was sent for a text field, as plain text.

    Raises:
        RefusedError: 400 naming the field: v3 takes a document and nothing else, v2 a string and nothing else.
    """
    if value is None:
        return ""
    if version == 3:
        if not isinstance(value, dict) or value.get("type") != "doc":
            raise RefusedError(400, errors={field: NOT_A_DOCUMENT})
        return "\n\n".join(_flat(block) for block in value.get("content") or [])
    if not isinstance(value, str):
        raise RefusedError(400, errors={field: "Operation value must be a string"})
    return value


def _flat(node: object) -> str:
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "hardBreak":
        return "\n"
    return "".join(_flat(child) for child in node.get("content") or [])
