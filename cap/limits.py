"""What one body may cost, counted before it is paid."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds per body; one above any of them raises `TooLarge` or `LimitExceeded`.

    Sized from real messages: a weather service's alert in eight languages has 0.4 MB, 12,000 elements and
    1,400 areas; a national outline has 0.9 MB and 42,000 vertices in one polygon.
    """

    bytes: int = 2 * 1024 * 1024
    depth: int = 64
    elements: int = 200_000
    attributes: int = 64  # per element, namespace declarations not counted
    name: int = 1_000  # characters in one element's or attribute's name, namespace included
    alerts: int = 2_000  # in one feed or bundle
    infos: int = 64
    areas: int = 10_000  # per alert, over all infos
    vertices: int = 100_000  # per alert, over all polygons and excluded polygons
    references: int = 1_000
    text: int = 100_000  # characters in one text that a person reads
    problems: int = 1_000  # recorded per alert; the rest is counted in one last finding
