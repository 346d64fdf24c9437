"""A page and its twin in the other language: what both must have alike, so that neither drifts from the other.

Words are for people to compare. Compared here is what has no language: sections, commands and all other code, links,
panels of the dashboard, and how many steps and rows a section has.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

OTHER = {"de": "en", "en": "de"}
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SWITCH = re.compile(r"^\*\[[^]]+\]\([^)]+\)\*$", re.MULTILINE)
"""The line below the title that leads to the other language."""
ALARM = re.compile(r"Dispatcher\w+")
"""A heading that is a name: the same in both languages."""

Pages = Mapping[str, str]
"""The texts of pages by their file's name, `runbooks.md` and `runbooks.en.md` among them."""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it, as far as the next heading."""

    level: int
    title: str
    text: str

    @property
    def is_alarm(self) -> bool:
        return ALARM.fullmatch(self.title) is not None


def topic(name: str) -> str:
    """What a page is about, whatever its language: `runbooks` of `runbooks.en.md`."""
    return name.partition(".")[0]


def twin_of(name: str, pages: Collection[str]) -> str | None:
    """The page that says the same in the other language."""
    others = [page for page in pages if topic(page) == topic(name) and page != name]
    return others[0] if others else None


def language(name: str, pages: Collection[str]) -> str | None:
    """`de` or `en` of a page that has a twin: one of both has it in its name."""
    suffix = name.split(".")[-2]
    if suffix in OTHER:
        return suffix
    twin = twin_of(name, pages)
    return None if twin is None else OTHER[twin.split(".")[-2]]


def sections(text: str) -> list[Section]:
    """All of a page, in its order; lines of code are no headings."""
    bare = FENCE.sub(lambda block: re.sub(r"^#", " #", block[0], flags=re.MULTILINE), text)
    found = list(HEADING.finditer(bare))
    ends = [heading.start() for heading in found[1:]] + [len(bare)]
    return [
        Section(len(heading[1]), heading[2], bare[heading.end() : end])
        for heading, end in zip(found, ends, strict=True)
    ]


def differences(name: str, pages: Pages, panels: Collection[str]) -> list[str]:
    """What a page lacks of its twin and has beyond it, each in a sentence that names page and section."""
    twin = twin_of(name, pages)
    if twin is None:
        return [f"{topic(name)}: only {name}, no page in the other language"]
    ones, others = sections(pages[name]), sections(pages[twin])
    said = [*_missing(twin, others, ones), *_missing(name, ones, others)]
    ones, others = _common(ones, others), _common(others, ones)
    if [one.level for one in ones] != [other.level for other in others]:
        outlines = " and ".join(
            f"{page} {[section.title for section in outline]}"
            for page, outline in ((name, ones), (twin, others))
        )
        return [*said, f"headings do not answer to each other: {outlines}"]
    if [one.title for one in ones if one.is_alarm] != [other.title for other in others if other.is_alarm]:
        return [*said, f"{twin}: its alarms are in another order than those of {name}"]
    for one, other in zip(ones, others, strict=True):
        for what, read in _readers(pages, panels):
            here, there = read(name, one), read(twin, other)
            said += [f"{twin}, {other.title}: lacks {what} {missing}" for missing in sorted(here - there)]
            said += [f"{name}, {one.title}: lacks {what} {missing}" for missing in sorted(there - here)]
    return said


def strays(name: str, pages: Pages) -> list[str]:
    """Links of a page to one in the other language, though that has a twin in its own."""
    own = language(name, pages)
    paths = [target.partition("#")[0] for target in LINK.findall(SWITCH.sub("", pages[name]))]
    return [
        f"{name}: leads to {path}, which is there as {twin}"
        for path in dict.fromkeys(paths)
        if path in pages and language(path, pages) == OTHER.get(own or "") and (twin := twin_of(path, pages))
    ]


def _missing(name: str, here: Collection[Section], there: Collection[Section]) -> list[str]:
    titles = {section.title for section in here}
    return [
        f"{name}: lacks the section {one.title}" for one in there if one.is_alarm and one.title not in titles
    ]


def _common(here: Collection[Section], there: Collection[Section]) -> list[Section]:
    titles = {section.title for section in there}
    return [section for section in here if not section.is_alarm or section.title in titles]


def _readers(
    pages: Pages, panels: Collection[str]
) -> Iterator[tuple[str, Callable[[str, Section], set[str]]]]:
    yield "the code", lambda _, section: code(section.text)
    yield "the link", lambda name, section: links(name, section.text, pages)
    yield "the panel", lambda _, section: panels_named(section.text, panels)
    yield "the number of", lambda _, section: counts(section.text)


def panels_named(text: str, panels: Collection[str]) -> set[str]:
    """The panels of which a text speaks, by the titles that they have on the dashboard, in „…“."""
    return {name for name in re.findall(r"„([^“]+)“", " ".join(text.split())) if name in panels}


def code(text: str) -> set[str]:
    """All that is to be typed or looked for: in backticks, and each command of a block without its remark."""
    blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ")
    lines = [line.partition(" # ")[0] for line in blocks.splitlines()]
    inline = re.findall(r"`([^`]+)`", FENCE.sub("", text))
    return {alike for each in (*lines, *inline) if (alike := _alike(each))}


def _alike(line: str) -> str:
    """The same without what is translated in it: placeholders (`NUMMER`, `<prozess>`), and the words of a remark."""
    line = re.sub(r"<\w+>", "<…>", " ".join(line.split()))
    line = re.sub(r'--comment="[^"]*"', '--comment="…"', line)
    return re.sub(r"(?<!\w)[A-ZÄÖÜ]{2,}(?!\w)", "X", line)


def links(name: str, text: str, pages: Pages) -> set[str]:
    """Where a text leads: pages without their language, their sections by their place."""
    return {_target(name, link, pages) for link in LINK.findall(SWITCH.sub("", FENCE.sub("", text)))}


def _target(name: str, link: str, pages: Pages) -> str:
    path, _, anchor = link.partition("#")
    page = path or name
    if page not in pages:
        return link
    anchors = [_anchor(section.title) for section in sections(pages[page])]
    if anchor in anchors and not ALARM.match(anchor.capitalize()):
        return f"{topic(page)}, section {anchors.index(anchor)}"
    return f"{topic(page)}#{anchor}" if anchor else topic(page)


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def counts(text: str) -> set[str]:
    """How many steps, points and rows there are, as words."""
    bare = FENCE.sub("", text)
    kinds = {"steps": r"^ *\d+\. ", "points": r"^ *- ", "rows": r"^\|"}
    return {f"{kind}: {len(re.findall(start, bare, re.MULTILINE))}" for kind, start in kinds.items()}
