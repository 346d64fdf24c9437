"""Signatures that others made, as we read them, and ours, as others do: xmlsec1 from Debian, xml-crypto from npm.

xml-crypto has no C14N 1.1, so it cannot sign with it; xmlsec1 can.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

import cap
from cap.signatures.signing import sign
from cap.signatures.verification import Verdict, VerdictReason, verify
from tests.cap.signatures.signer import NOW, SENDER, Signer
from tests.support.xml_signatures import Others

pytestmark = pytest.mark.processes

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
FORMS: Final = {
    "C14N 1.0": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "C14N 1.1": "http://www.w3.org/2006/12/xml-c14n11",
    "exclusive": "http://www.w3.org/2001/10/xml-exc-c14n#",
}
PREFIXES: Final = ("", "ds", "sig")
KEY: Final = Signer(rsa.generate_private_key(65537, 2048))
STRANGER: Final = Signer(rsa.generate_private_key(65537, 2048))
PINS: Final = {SENDER: (KEY.certificate,)}


def alert(signature: str = "", *, prefix: str = "", more: str = "") -> str:
    """An alert whose elements have a prefix or none, with a `Signature` at its end."""
    p, name = (f"{prefix}:", f":{prefix}") if prefix else ("", "")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{p}alert xmlns{name}="{CAP}"{more}>
  <{p}identifier>s-1</{p}identifier><{p}sender>{SENDER}</{p}sender><{p}sent>{NOW:%Y-%m-%dT%H:%M:%S}-00:00</{p}sent>
  <{p}status>Actual</{p}status><{p}msgType>Alert</{p}msgType><{p}scope>Public</{p}scope>
  <{p}info><{p}category>Fire</{p}category><{p}event>Rauch &amp; Ruß</{p}event><{p}urgency>Immediate</{p}urgency>
    <{p}severity>Severe</{p}severity><{p}certainty>Observed</{p}certainty></{p}info>
{signature}</{p}alert>
"""


def template(prefix: str, form: str) -> str:
    """A signature to be filled by xmlsec1."""
    p, name = (f"{prefix}:", f":{prefix}") if prefix else ("", "")
    return f"""<{p}Signature xmlns{name}="{DSIG}"><{p}SignedInfo>
<{p}CanonicalizationMethod Algorithm="{form}"/>
<{p}SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<{p}Reference URI=""><{p}Transforms><{p}Transform Algorithm="{DSIG}enveloped-signature"/>
<{p}Transform Algorithm="{form}"/></{p}Transforms>
<{p}DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><{p}DigestValue/></{p}Reference>
</{p}SignedInfo><{p}SignatureValue/><{p}KeyInfo><{p}X509Data/></{p}KeyInfo></{p}Signature>
"""


@pytest.fixture
def others(tmp_path: Path) -> Others:
    return Others(tmp_path, KEY)


@pytest.mark.parametrize("around", ["", "cap"], ids=["alert", "cap:alert"])
@pytest.mark.parametrize(
    "more", ["", ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'], ids=["", "xsi"]
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_xmlsec1_signs_verifies(others: Others, prefix: str, form: str, more: str, around: str) -> None:
    document = alert(template(prefix, FORMS[form]), prefix=around, more=more)
    data = others.xmlsec1_signs(document)
    found = verify(data, PINS, NOW)
    assert (found.verdict, found.stripped) == (Verdict.VALID, False)
    assert found.alert is not None
    assert found.alert.infos[0].event == "Rauch & Ruß"


@pytest.mark.parametrize("form", ["C14N 1.0", "exclusive"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_xml_crypto_signs_verifies(others: Others, prefix: str, form: str) -> None:
    found = verify(others.xml_crypto_signs(alert(), prefix, FORMS[form]), PINS, NOW)
    assert (found.verdict, found.stripped) == (Verdict.VALID, False)


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())]
)
def test_what_we_sign_verifies_with_xmlsec1(others: Others, key: Any) -> None:
    ours = Signer(key)
    data = sign(cap.parse(alert().encode()).alerts[0], ours.key, ours.certificate)
    assert others.xmlsec1_verifies(data, ours)
    assert not others.xmlsec1_verifies(data.replace(b"Severe", b"Minor"), ours)
    assert not others.xmlsec1_verifies(data, STRANGER)


def test_what_we_sign_verifies_with_xml_crypto(others: Others) -> None:
    data = sign(cap.parse(alert().encode()).alerts[0], KEY.key, KEY.certificate)
    assert others.xml_crypto_verifies(data)
    assert not others.xml_crypto_verifies(data.replace(b"Severe", b"Minor"))
    assert not others.xml_crypto_verifies(data, STRANGER)


# What stands around an alert, and what a signature over the whole document has to do with it.


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("?>\n", '?>\n<?xml-stylesheet href="cap.xsl"?>\n<!-- by hand -->\n'),
        ("</alert>", "</alert>\n<?end?>"),
        ("<alert ", '<alert xml:lang="de" '),
        ("<alert ", '<alert xml:space="preserve" '),
        ("<info>", "<!-- inside --><info><?inside?>"),
    ],
    ids=["stylesheet", "behind", "xml:lang", "xml:space", "comment"],
)
def test_what_stands_beside_an_alert_is_signed_as_the_standard_has_it(
    others: Others, old: str, new: str, form: str
) -> None:
    data = others.xmlsec1_signs(alert(template("", FORMS[form])).replace(old, new, 1))
    assert verify(data, PINS, NOW).verdict is Verdict.VALID


@pytest.mark.parametrize("comments", ["#WithComments", ""])
def test_comments_of_a_whole_document_are_never_signed(others: Others, comments: str) -> None:
    document = alert(template("", FORMS["C14N 1.0"] + comments))
    data = others.xmlsec1_signs(document.replace("<info>", "<!-- inside --><info>"))
    assert verify(data, PINS, NOW).verdict is Verdict.VALID


def test_a_signer_who_leaves_out_what_stands_beside_the_alert_is_believed(others: Others) -> None:
    """Nothing of it is read."""
    data = others.xmlsec1_signs(alert(template("", FORMS["exclusive"])))
    found = verify(data.replace(b"?>\n", b'?>\n<?xml-stylesheet href="cap.xsl"?>\n', 1), PINS, NOW)
    assert found.verdict is Verdict.VALID


# Negative controls: what must not verify does not.


def moved(data: bytes) -> bytes:
    """The same, with its signature around which another alert stands."""
    begin, end = data.index(b"<Signature"), data.index(b"</Signature>") + len(b"</Signature>")
    return alert(data[begin:end].decode()).replace("Severe", "Minor").encode()


def deeper(data: bytes) -> bytes:
    begin, end = data.index(b"<Signature"), data.index(b"</Signature>") + len(b"</Signature>")
    signature = data[begin:end]
    return data[:begin] + data[end:].replace(b"</alert>", b"") + b"<info>" + signature + b"</info></alert>"


CHANGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "text": lambda data: data.replace(b"Severe", b"Minor"),
    "entity": lambda data: data.replace(b"Rauch &amp; ", b"Rauch, kein "),
    "attribute": lambda data: data.replace(b"<info>", b'<info id="1">'),
    "namespace": lambda data: data.replace(b"emergency:cap:1.2", b"emergency:cap:1.1"),
    "another element": lambda data: data.replace(b"</info>", b"</info><info/>", 1),
    "SignedInfo": lambda data: data.replace(b'URI="">', b'URI="">\n'),
    "moved to another alert": moved,
    "moved into another element": deeper,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_an_alarm(others: Others, change: str, form: str) -> None:
    data = others.xmlsec1_signs(alert(template("", FORMS[form])))
    changed = CHANGES[change](data)
    assert changed != data
    found = verify(changed, PINS, NOW)
    assert (found.verdict, found.alert) == (Verdict.INVALID, None)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "exclusive"])
@pytest.mark.parametrize("declared", [b'xmlns:more="urn:more" ', b'xml:lang="tlh" '])
def test_with_an_inclusive_form_what_a_signature_inherits_is_signed(
    others: Others, declared: bytes, form: str
) -> None:
    data = others.xmlsec1_signs(alert(template("", FORMS[form])))
    found = verify(data.replace(b"<alert ", b"<alert " + declared), PINS, NOW)
    assert (found.verdict, found.reason) == (Verdict.INVALID, VerdictReason.MISMATCH)


@pytest.mark.parametrize("form", FORMS)
def test_a_stranger_s_key_is_an_alarm(others: Others, form: str) -> None:
    data = others.xmlsec1_signs(alert(template("", FORMS[form])), STRANGER)
    assert verify(data, {SENDER: (STRANGER.certificate,)}, NOW).verdict is Verdict.VALID
    found = verify(data, PINS, NOW)
    assert (found.verdict, found.reason) == (Verdict.INVALID, VerdictReason.MISMATCH)


def test_lxml_alone_would_find_another_canonical_form() -> None:
    """The reason for `Verifier`; should this fail one day, it may go."""
    root = etree.fromstring(alert(template("", FORMS["C14N 1.0"])).encode())
    info = root.find(f".//{{{DSIG}}}SignedInfo")
    assert b'xmlns=""' in etree.tostring(info, method="c14n")
