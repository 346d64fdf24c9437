#!/usr/bin/env bash
# capvalidator: a valid signature over an indented message is called invalid or tampered with.
#
# Packages: PyPI: capvalidator==0.1.0.dev4, signxml==5.2.0, lxml==6.1.3
# Guess:    The validator of the WMO verifies the bytes that it is given: what signxml signs and verifies, it
#           finds valid.
# Seen:     It removes all blank text before it verifies, so a message that was signed as it is laid out, with
#           line breaks, fails.
# So:       Sign without blank text between elements, or others will call the message tampered with; verify the
#           bytes as they are.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(capvalidator==0.1.0.dev4 signxml==5.2.0 lxml==6.1.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import datetime as dt
import inspect

import capvalidator
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner, XMLVerifier, methods

ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>musterkreis-1</identifier>
  <sender>leitstelle@musterkreis.example</sender>
  <sent>2026-11-28T03:00:00+01:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
</alert>"""
now = dt.datetime.now(dt.timezone.utc)
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "warnung.example")])
usage = dict.fromkeys(inspect.signature(x509.KeyUsage).parameters, False) | {"digital_signature": True}
certificate = (
    x509.CertificateBuilder()
    .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    .add_extension(x509.KeyUsage(**usage), critical=True)
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("warnung.example")]), critical=False)
    .sign(key, hashes.SHA256())
)
for layout, blank in (("indented", False), ("without blank text", True)):
    alert = etree.fromstring(ALERT, etree.XMLParser(remove_blank_text=blank))
    signer = XMLSigner(method=methods.enveloped, signature_algorithm="ecdsa-sha256")
    raw = etree.tostring(signer.sign(alert, key=key, cert=[certificate]))
    XMLVerifier().verify(raw, x509_cert=certificate.public_bytes(Encoding.PEM).decode())
    print(f"signed {layout}: signxml verifies; capvalidator: {capvalidator.check_signature(raw).message}")
PY
)
expected='signed indented: signxml verifies; capvalidator: CAP alert signature is invalid or the data has been tampered with.
signed without blank text: signxml verifies; capvalidator: CAP alert signature is valid.'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
