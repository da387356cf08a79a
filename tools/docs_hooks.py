"""What `mkdocs build` is told of links out of `docs/`: their words stay, and a target that is not there is an error.

On the hosted checkout such links lead to the file; a built site has no such files.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

log = logging.getLogger("mkdocs.hooks")  # whose warnings end a strict build
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?![a-z]+:)([^)#\s]+)(?:#[^)\s]+)?\)")
_FENCE = re.compile(r"(^`{3,}.*?^`{3,}$)", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, /, *, page: Any, config: Any, **_: Any) -> str:
    """The text of a page in which links out of `docs/` are their words."""
    root = Path(config["docs_dir"]).parent
    folder = posixpath.dirname(posixpath.join(Path(config["docs_dir"]).name, page.file.src_uri))

    def leaving(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[2]))
        if target.split("/")[0] == Path(config["docs_dir"]).name:
            return link[0]  # a page: mkdocs looks after it
        if not (root / target).exists():
            log.warning("%s links to %s, which is not there", page.file.src_uri, link[2])
        name = link[1].strip("`")
        return f"{link[1]}" if name == target else f"{link[1]} (`{target}`)"

    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(leaving, part) for part in parts)
