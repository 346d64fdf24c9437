"""Write what came of a drill as one page that needs nothing else: no network, no script. Pure.

Every text in it is somebody else's, the plan's or the service's, and is shown as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.commands.drill.measurement import RECEIPTS, last_accepted, people_owed
from dispatcher.commands.drill.plots import Bar, Series, bars, curves, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Words = Mapping[str, str]

STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b1b1a;max-width:60rem;margin:2rem auto;padding:0 1rem}
.mark{background:#fde68a;border:2px solid #92400e;padding:.4rem .8rem;font-weight:700}
.bad{background:#fee2e2;border:2px solid #991b1b;padding:.4rem .8rem}
h1{font-size:1.6rem}h2{margin-top:2rem;font-size:1.2rem;border-bottom:1px solid #b5b5ad}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{border:1px solid #b5b5ad;padding:.25rem .5rem;text-align:right}
th:first-child,td:first-child{text-align:left}th{background:#f4f4f1}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}
dd{margin:0;white-space:pre-wrap}
svg{max-width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#1b1b1a}
svg .y{text-anchor:end}svg .x{text-anchor:middle}.grid{stroke:#dcdcd6;stroke-width:1}.line{fill:none;stroke-width:2.5}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}
@media print{body{max-width:none;margin:0}h2,tr,svg{break-inside:avoid}}
"""
MARK: Final = {"de": "ÜBUNG/TEST", "en": "EXERCISE/TEST"}


def report(drill: Mapping[str, Any], words: Words) -> str:
    """Return the page, in the language of the words."""
    name, mark = text_of(drill["name"]), MARK[words["lang"]]
    head = (
        f'<!DOCTYPE html>\n<html lang="{words["lang"]}"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<title>{words['title']}: {name}</title><style>{STYLE}</style></head><body>"
        f'<p class="mark">{mark}</p><h1>{words["title"]}: {name}</h1>'
    )
    parts = [head, *_state(drill, words), *_summary(drill, words), *_weak(drill, words)]
    parts += _charts(drill, words)
    for step in drill["steps"]:
        parts += _step(step, words)
    parts += _texts(drill, words)
    return "\n".join([*parts, f'<p>{words["footnote"]}</p><p class="mark">{mark}</p></body></html>\n'])


def _state(drill: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield (
        f"<p>{words['began']}: {text_of(drill['began_at'])} · {words['ended']}: {text_of(drill['ended_at'])} · "
        f"{text_of(drill['id'])}</p>"
    )
    if drill["interrupted"]:
        yield f'<p class="bad">{words["was_interrupted"].format(why=text_of(drill["interrupted"]))}</p>'
    if drill["left_open"]:
        yield f'<p class="bad">{words["is_open"]}</p>'


def share(part: float, whole: float) -> str:
    """Return a share in per cent; a dash of nobody."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def seconds(value: float | None) -> str:
    """Return a time in seconds; a dash where there is none."""
    return "–" if value is None else f"{value:.1f} s"


def _summary(drill: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield f"<h2>{words['summary']}</h2>"
    rows = []
    for step in drill["steps"]:
        people, channels = step["people"], step["channels"].values()
        first = min((one["first_s"] for one in channels if one["first_s"] is not None), default=None)
        rows.append(
            (
                words[step["step"]],
                people["recipients"],
                f"{people['accepted']} ({share(people['accepted'], people_owed(people))})",
                seconds(step["submission_s"]),
                f"{seconds(first)} / {seconds(last_accepted(channels))}",
                *(sum(one[name] for one in channels) for name in RECEIPTS),
                sum(one["twice"] for one in channels),
                sum(one["perhaps_twice"] for one in channels),
            )
        )
    heads = ("", "people", "reached", "submission", "first_last", *RECEIPTS, "duplicates", "perhaps")
    yield _table([words.get(one, "") for one in heads], rows)
    yield f"<p>{words['reached']}: {words['reached_note']}.</p>"


def weak_line(one: Mapping[str, Any], words: Words) -> str:
    """Return what fell short, in a sentence of plain text."""
    shares = one["what"] in ("accepted", "displayed")
    value, bound = (
        f"{100 * number:.1f} %" if shares else f"{number:g}" for number in (one["value"], one["bound"])
    )
    said = words[f"weak_{one['what']}"].format(value=value, bound=bound)
    return f"{words[one['step']]}, {one['channel']}: {said}"


def _weak(drill: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield f"<h2>{words['weak']}</h2>"
    if not drill["weak"]:
        yield f"<p>{words['no_weak']}</p>"
        return
    lines = "".join(f"<li>{text_of(weak_line(one, words))}</li>" for one in drill["weak"])
    yield f'<ul class="bad">{lines}</ul>'


def _charts(drill: Mapping[str, Any], words: Words) -> Iterator[str]:
    series = [
        Series(f"{words[step['step']]}, {name}", one["curve"])
        for step in drill["steps"]
        for name, one in step["channels"].items()
    ]
    yield _figure(words["curve"], curves(series, words["curve"], words["seconds"]))
    over_time = [
        Series(
            f"{words[step['step']]}: {words[name]}",
            [[row[0], row[number]] for row in step["receipts_over_time"]],
        )
        for step in drill["steps"]
        for number, name in enumerate(RECEIPTS, 1)
        if any(row[number] for row in step["receipts_over_time"])
    ]
    yield _figure(words["receipts"], curves(over_time, words["receipts"], words["seconds"]))


def _figure(title: str, svg: str) -> str:
    return f"<h2>{title}</h2>{svg}" if svg else ""


def _step(step: Mapping[str, Any], words: Words) -> Iterator[str]:
    measures = ("recipients", "accepted", *RECEIPTS)
    title = words[step["step"]]
    rows = [
        (
            name,
            *(one[measure] for measure in ("recipients", "accepted", "waiting", "not_owed")),
            ", ".join(f"{state}: {count}" for state, count in one["failed"].items()) or "0",
            *(seconds(one[time]) for time in ("first_s", "p50_s", "p95_s", "p99_s", "last_s")),
            *(one[receipt] for receipt in RECEIPTS),
            one["twice"],
            one["perhaps_twice"],
        )
        for name, one in step["channels"].items()
    ]
    heads = [
        words[one] for one in ("channel", "recipients", "accepted", "waiting", "not_owed", "failed", "first")
    ]
    heads += [
        "p50",
        "p95",
        "p99",
        words["last"],
        *(words[one] for one in (*RECEIPTS, "duplicates", "perhaps")),
    ]
    yield f"<h2>{title}: {words['by_channel']}</h2>{_table(heads, rows)}"
    named = [words[one] for one in measures]
    channels = [Bar(name, [one[measure] for measure in measures]) for name, one in step["channels"].items()]
    yield bars(channels, named, f"{title}: {words['by_channel']}")
    places = step["municipalities"]
    heads = [words["municipality"], *named]
    yield f"<h2>{title}: {words['by_municipality']}</h2>"
    if places is None:
        yield f"<p>{words['uncounted']}</p>"
        return
    yield _table(heads, [(f"{one['name']} ({one['ags']})", *(one[m] for m in measures)) for one in places])
    yield bars(
        [Bar(one["name"], [one[measure] for measure in measures]) for one in places],
        named,
        f"{title}: {words['by_municipality']}",
    )


def _texts(drill: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield f"<h2>{words['texts']}</h2>"
    for step, texts in drill["texts"].items():
        rows = "".join(f"<dt>{text_of(name)}</dt><dd>{text_of(text)}</dd>" for name, text in texts.items())
        yield f"<h3>{words[step]}</h3><dl>{rows}</dl>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{text_of(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{text_of(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
