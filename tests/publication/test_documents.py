"""Ready bytes and their tags."""

import gzip

from dispatcher.publication.documents import CAP_TYPE, document

LONG = b'{"alerts": [' + b'"a warning", ' * 50 + b'"the last"]}'


def test_plain_and_compressed_bytes_have_tags_of_their_own_that_depend_on_nothing_else() -> None:
    made, again, other = (
        document(LONG, "application/json"),
        document(LONG, "text/json"),
        document(LONG + b" ", ""),
    )
    assert made.packed is not None
    assert again.packed is not None
    assert other.packed is not None
    assert (made.plain.body, gzip.decompress(made.packed.body)) == (LONG, LONG)
    assert len({made.plain.tag, made.packed.tag, other.plain.tag, other.packed.tag}) == 4
    assert (made.plain.tag, made.packed.tag) == (again.plain.tag, again.packed.tag)
    assert made.packed.body == again.packed.body
    for one in (made.plain, made.packed):
        assert (one.tag[:1], one.tag[-1:], b"content-length") == (b'"', b'"', one.headers[1][0])
        assert dict(one.headers)[b"content-length"] == b"%d" % len(one.body)
        assert dict(one.validators).items() <= dict(one.headers).items()
        assert dict(one.validators)[b"etag"] == one.tag


def test_what_compression_does_not_make_smaller_is_sent_as_it_is() -> None:
    made = document(b"{}", "application/json")
    assert made.packed is None
    assert made.representation(packed=True) is made.plain
    assert document(LONG, "").representation(packed=True).body != LONG


def test_every_answer_may_be_kept_for_a_second_and_shown_while_the_service_is_away() -> None:
    headers = dict(document(LONG, "application/json").plain.headers)
    assert headers[b"cache-control"] == b"public, max-age=1, stale-while-revalidate=1, stale-if-error=86400"
    assert headers[b"vary"] == b"accept-encoding"


def test_what_others_wrote_is_shown_in_a_sandbox() -> None:
    """A CAP message may hold any XML below its signature: markup of a page, or a stylesheet."""
    shown = {kind: dict(document(LONG, kind).plain.headers) for kind in (CAP_TYPE, "application/json")}
    assert shown[CAP_TYPE][b"content-security-policy"] == b"sandbox; default-src 'none'"
    assert b"content-security-policy" not in shown["application/json"]
