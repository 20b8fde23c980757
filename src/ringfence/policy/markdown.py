"""The little of Markdown that a policy needs, as safe HTML: paragraphs, headings, lists, emphasis, code.

Everything else is text. No HTML and no link passes through: whatever a bundle holds, the page that shows it runs none of it.
"""

import re
from html import escape
from typing import Final

_ITEM: Final = re.compile(r"[ ]{0,3}(?:[-*]|[0-9]{1,3}\.)[ \t]+(?P<text>\S.*)\Z")
_HEADING: Final = re.compile(r"#{3,6}[ \t]+(?P<text>\S.*?)[ \t]*\Z")
_STRONG: Final = re.compile(r"\*\*(\S(?:[^*\n]*\S)?)\*\*")
_EMPHASIS: Final = re.compile(r"\*(\S(?:[^*\n]*\S)?)\*")


def to_html(markdown: str) -> str:
    """Return `markdown` as HTML.

    >>> to_html("Calls *must* stop:\\n\\n- at once\\n- for <all>")
    '<p>Calls <em>must</em> stop:</p>\\n<ul>\\n<li>at once</li>\\n<li>for &lt;all&gt;</li>\\n</ul>'
    """
    return "\n".join(_block(block.split("\n")) for block in _blocks(markdown))


def _blocks(markdown: str) -> list[str]:
    return [block.strip("\n") for block in re.split(r"\n[ \t]*\n", markdown) if block.strip()]


def _block(lines: list[str]) -> str:
    heading = _HEADING.match(lines[0])
    if heading is not None:
        rest = lines[1:]
        told = f"<h3>{_inline(heading['text'])}</h3>"
        return f"{told}\n{_block(rest)}" if rest else told
    if _ITEM.match(lines[0]):
        return _list(lines)
    return f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>"


def _list(lines: list[str]) -> str:
    items: list[str] = []
    for line in lines:
        match = _ITEM.match(line)
        if match:
            items.append(match["text"])
        else:
            items[-1] = f"{items[-1]} {line.strip()}"
    tag = "ol" if lines[0].lstrip()[0].isdigit() else "ul"
    return "\n".join([f"<{tag}>", *(f"<li>{_inline(item)}</li>" for item in items), f"</{tag}>"])


def _inline(text: str) -> str:
    """Return one line with emphasis; what stands between backquotes stays as it is."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:  # one backquote too many: it is text
        parts = [*parts[:-2], f"{parts[-2]}`{parts[-1]}"]
    told = [f"<code>{part}</code>" if index % 2 else _emphasis(part) for index, part in enumerate(parts)]
    return "".join(told)


def _emphasis(text: str) -> str:
    return _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", text))
