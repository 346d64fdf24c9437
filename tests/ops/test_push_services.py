"""The page of Web Push has every service and every row, with its source."""

from channels.webpush.services.directory import SERVICES
from ops.push_services import push_services_page


def test_every_service_has_a_section_and_every_row_its_source() -> None:
    sections = push_services_page().split("\n### ")[1:]
    assert [section.partition("\n")[0] for section in sections] == [one.title for one in SERVICES.values()]
    for section, service in zip(sections, SERVICES.values(), strict=True):
        lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert len(lines) == len(service.table)
        for line, row in zip(lines, service.table, strict=True):
            assert row.source.url in line
            assert (" (?) " in line) is not row.source.verified
