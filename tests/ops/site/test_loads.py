"""What the pages of the site load from another host is found, whatever loads it."""

from pathlib import Path

import pytest

from ops.site.loads import POLICY, foreign_loads, of_page, of_styles

GOOD = f"""<html><head><meta http-equiv="Content-Security-Policy" content="{POLICY}">
<link rel="stylesheet" href="_static/styles/furo.css?v=1"><link rel="next" href="https://elsewhere.example/next">
<script src="_static/doctools.js"></script><style>a {{ background: url("data:image/svg+xml;base64,PHN2") }}</style></head>
<body><a href="https://elsewhere.example/">a link</a><img src="_images/a.png" srcset="a.png 1x, b.png 2x"></body></html>"""


def test_a_page_of_its_own_files_loads_nothing_else() -> None:
    assert list(of_page(GOOD)) == []


@pytest.mark.parametrize(
    "loads",
    [
        '<script src="https://unpkg.example/mermaid.js"></script>',
        '<script src="//unpkg.example/mermaid.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="a.png" srcset="a.png 1x, HTTPS://pictures.example/a.png 2x">',
        "<style>@import 'https://fonts.example/css';</style>",
        '<p style="background: url(https://pictures.example/a.png)">',
        '<iframe src="https://video.example/"></iframe>',
        '<form action="http://search.example/">',
        '<meta http-equiv="refresh" content="0; url=https://elsewhere.example/">',
        '<svg><image href="https://pictures.example/a.svg"/></svg>',
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(loads: str) -> None:
    """The negative control."""
    assert len(list(of_page(GOOD.replace("</body>", f"{loads}</body>")))) == 1


def test_a_page_whose_scripts_may_load_what_they_like_is_found() -> None:
    assert list(of_page("<p>no policy</p>")) == ["no policy that keeps scripts from loading"]
    loose = GOOD.replace(POLICY, "default-src *")
    assert list(of_page(loose)) == ["no policy that keeps scripts from loading"]
    for directive in POLICY.split(";"):
        assert not set(directive.split()[1:]) & {"*", "http:", "https:", "'unsafe-eval'"}


def test_style_sheets_are_looked_at_too() -> None:
    css = "@import url(//fonts.example/a.css); b { src: url('https://fonts.example/b.woff2') } c { d: url(e.svg) }"
    assert list(of_styles(css)) == ["//fonts.example/a.css", "https://fonts.example/b.woff2"]


def test_a_site_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.html").write_text(GOOD)
    (tmp_path / "a" / "b.css").write_text("@import 'http://fonts.example/';")
    assert foreign_loads(tmp_path) == ["a/b.css: http://fonts.example/"]
