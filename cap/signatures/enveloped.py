"""Judges the shape of a signature on the bounded tree, before any signature library sees the bytes."""

from collections.abc import Iterator
from typing import Final

from cap.parse.elements import Element
from cap.parse.grammar import DSIG

# Canonicalisation without and with comments; the names of the latter differ by more than a common suffix.
_C14N: Final = frozenset(
    {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    }
)
_ENVELOPED: Final = f"{DSIG}enveloped-signature"
_WEAK: Final = ("sha1", "md5", "hmac")
_MOST_PREFIXES: Final = 16  # in a list of those to keep: each is looked for at every element
_FORBIDDEN: Final = frozenset({"Object", "Manifest", "RetrievalMethod", "XPath", "HMACOutputLength"})


def is_usable(signature: Element) -> bool:
    """Whether the signature, if its key is right, would prove the whole alert."""
    return _is_enveloped(signature) and not is_weak(signature)


def _is_enveloped(signature: Element) -> bool:
    """Whether one SignedInfo has one Reference to the whole document, through c14n and the enveloped transform only."""
    parts = list(descendants(signature))
    if any(part.local in _FORBIDDEN for part in parts):
        return False
    references = [part for part in parts if part.local == "Reference"]
    infos = [part for part in signature.children if part.local == "SignedInfo"]
    if len(infos) != 1 or len(references) != 1 or references[0] not in infos[0].children:
        return False
    if (references[0].attributes or {}).get("URI") != "":
        return False
    if any(len((part.attributes or {}).get("PrefixList", "").split()) > _MOST_PREFIXES for part in parts):
        return False
    transforms = [_algorithm(part) for part in parts if part.local == "Transform"]
    return transforms.count(_ENVELOPED) == 1 and _C14N.issuperset(set(transforms) - {_ENVELOPED})


def is_weak(signature: Element) -> bool:
    used = [
        _algorithm(part).lower()
        for part in descendants(signature)
        if part.local in ("SignatureMethod", "DigestMethod")
    ]
    return any(word in algorithm.rpartition("#")[2] for algorithm in used for word in _WEAK)


def _algorithm(element: Element) -> str:
    return (element.attributes or {}).get("Algorithm", "")


def descendants(element: Element) -> Iterator[Element]:
    for child in element.children:
        yield child
        yield from descendants(child)
