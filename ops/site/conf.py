"""What Sphinx is told of the site: Markdown as GitHub reads it, and nothing from elsewhere."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ops.site.loads import POLICY
from ops.site.mermaid import STATIC, VAR

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "cap-dispatcher"
extensions = ["myst_parser"]
exclude_patterns: list[str] = []
# Anchors are those that GitHub makes of headings, of all levels.
myst_heading_anchors = 6
myst_fence_as_directive = ["mermaid"]
# The examples of gateways' answers in guides begin like HTTP, and are none.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = "cap-dispatcher"
html_static_path = ["static", str(VAR / STATIC)]
html_css_files = ["print.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": False}
html_permalinks_icon = "#"

DIAGRAM = "diagram"


class Mermaid(SphinxDirective):
    """A diagram, whose source the browser draws: it is read as it is where no script runs."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        source = html.escape("\n".join(self.content))
        node = nodes.raw("", f'<pre class="mermaid">{source}</pre>', format="html")
        node[DIAGRAM] = True
        return [node]


def _complete(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    policy = html.escape(POLICY, quote=True)
    context["metatags"] = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{context.get("metatags", "")}'
    )
    if doctree is not None and any(DIAGRAM in node for node in doctree.findall(nodes.raw)):
        for script in ("mermaid.js", "diagrams.js"):
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("mermaid", Mermaid)
    app.connect("html-page-context", _complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
