"""Bounds what reading one body may cost; each bound is checked before the cost arises."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds per body; one above any of them raises `TooLarge` or `LimitExceeded`.

    Sized from real messages: a weather service's alert in eight languages has 0.4 MB, 12,000 elements and
    1,400 areas; a national outline has 0.9 MB and 42,000 vertices in one polygon.
    """

    max_bytes: int = 2 * 1024 * 1024
    max_depth: int = 64  # elements inside one another; an alert has 5 levels, in EDXL-DE 9
    max_elements: int = (
        100_000  # per body: one for every 20 bytes of the longest; alerts have one for every 33
    )
    max_attributes: int = 64  # per element, namespace declarations not counted
    max_namespaces: int = 256  # declarations in scope at once; an alert has 2, with a signature 3
    max_name: int = 1_000  # characters in one element's or attribute's name, namespace included
    max_alerts: int = 2_000  # in one feed or bundle, readable or not; as many entries, linked or not
    max_infos: int = 64  # per alert; the 24 official languages of the European Union fit twice
    max_resources: int = 1_000  # per alert, over all infos
    max_areas: int = 10_000  # per alert, over all infos
    max_vertices: int = 100_000  # per alert, over all polygons and excluded polygons
    max_references: int = 1_000  # per alert; each is looked up among the messages already known
    max_text: int = 100_000  # characters in one text that a person reads
    max_problems: int = 1_000  # recorded per alert; the rest is counted in one last finding
