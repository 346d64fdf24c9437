"""The shape of a signature, before any library computes it."""

import pytest

from cap.limits import Limits
from cap.parse.elements import Element, read_text
from cap.signatures.enveloped import descendants, is_usable, is_weak

C14N = "http://www.w3.org/2006/12/xml-c14n11"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def transform(algorithm: str) -> str:
    return f'<Transform Algorithm="{algorithm}"/>'


TRANSFORMS = transform(ENVELOPED) + transform(C14N)


def reference(uri: str = 'URI=""', transforms: str = TRANSFORMS, digest: str = SHA256) -> str:
    return f'<Reference {uri}><Transforms>{transforms}</Transforms><DigestMethod Algorithm="{digest}"/></Reference>'


def info(references: str, method: str = ECDSA) -> str:
    return f'<SignedInfo><SignatureMethod Algorithm="{method}"/>{references}</SignedInfo>'


def signature(content: str) -> Element:
    markup = f'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">{content}<KeyInfo/></Signature>'
    return read_text(markup, Limits())[0]


GOOD = info(reference())


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        info(reference(transforms=transform(ENVELOPED))),
        info(reference(transforms=transform(C14N) + transform(ENVELOPED))),
        info(
            reference(transforms=transform(ENVELOPED) + transform("http://www.w3.org/2001/10/xml-exc-c14n#"))
        ),
        info(
            reference(
                transforms=transform(ENVELOPED)
                + transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")
            )
        ),
        info(reference(transforms=transform(ENVELOPED) + transform(f"{C14N}#WithComments"))),
    ],
)
def test_an_enveloped_signature_over_the_whole_alert_is_usable(content: str) -> None:
    assert is_usable(signature(content))


@pytest.mark.parametrize(
    "content",
    [
        "",
        info(""),
        reference(),
        GOOD + GOOD,
        GOOD + "<SignedInfo/>",
        info(reference() + reference()),
        info(reference() + reference(transforms="")),
        f"<SignedInfo><x>{reference()}</x></SignedInfo>",
        info(reference(uri="")),
        info(reference(uri='URI="#id"')),
        info(reference(uri='URI="http://127.0.0.1:9/x"')),
        info(reference(transforms="")),
        info(reference(transforms=transform(C14N))),
        info(reference(transforms=TRANSFORMS + transform(ENVELOPED))),
        info(reference(transforms=TRANSFORMS + transform("http://www.w3.org/TR/1999/REC-xslt-19991116"))),
        info(reference(transforms=TRANSFORMS + "<Transform/>")),
        info(
            reference(transforms=transform(ENVELOPED) + transform("http://www.w3.org/2001/10/xml-exc-c14n"))
        ),
        info(reference(transforms=transform(ENVELOPED) + transform(f"{C14N}WithComments"))),
        *(
            f"{GOOD}<{name}/>"
            for name in ("Object", "Manifest", "RetrievalMethod", "XPath", "HMACOutputLength")
        ),
        info(reference(digest="http://www.w3.org/2000/09/xmldsig#sha1")),
    ],
)
def test_any_other_is_not(content: str) -> None:
    assert not is_usable(signature(content))


@pytest.mark.parametrize(
    ("method", "digest", "weak"),
    [
        (ECDSA, SHA256, False),
        ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", SHA256, False),
        ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", SHA256, True),
        ("http://www.w3.org/2000/09/xmldsig#RSA-SHA1", SHA256, True),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", SHA256, True),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-md5", SHA256, True),
        (ECDSA, "http://www.w3.org/2000/09/xmldsig#sha1", True),
        ("", "", False),
    ],
)
def test_weak_algorithms_are_known_by_name(method: str, digest: str, weak: bool) -> None:
    assert is_weak(signature(info(reference(digest=digest), method))) is weak


def test_descendants_come_in_document_order() -> None:
    root = read_text("<a><b><c/></b><d/></a>", Limits())[0]
    assert [element.tag for element in descendants(root)] == ["b", "c", "d"]


@pytest.mark.parametrize(("prefixes", "usable"), [(16, True), (17, False)])
def test_a_signature_that_asks_to_look_for_many_prefixes_everywhere_is_none(
    prefixes: int, usable: bool
) -> None:
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    kept = f'<e:InclusiveNamespaces xmlns:e="{exclusive}" PrefixList="{"a " * prefixes}"/>'
    found = signature(
        info(
            reference(
                transforms=transform(ENVELOPED) + f'<Transform Algorithm="{exclusive}">{kept}</Transform>'
            )
        )
    )
    assert is_usable(found) is usable
