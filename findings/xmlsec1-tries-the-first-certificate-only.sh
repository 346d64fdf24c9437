#!/usr/bin/env bash
# xmlsec1: of several certificates to verify by it tries the first one, and calls what the others signed invalid.
#
# Packages: Debian: xmlsec1=1.2.37-2
# Guess:    While a signer changes its key, a verifier is given both certificates, in one file or by the option twice,
#           and takes a signature of either.
# Seen:     The first of the file, or of the options, decides: what the other key signed fails, and the order of the
#           two turns the results round.
# So:       Whoever publishes signed CAP and changes its key gives one certificate a file, and the documents a loop that
#           runs xmlsec1 once for each.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(xmlsec1=1.2.37-2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for package in "${packages[@]}"; do
    installed=$(dpkg-query -W -f '${Version}' "${package%=*}" 2>/dev/null || true)
    if [[ $installed != "${package#*=}" ]]; then
        echo "needs the Debian package $package (found: ${installed:-none})" >&2
        exit 2
    fi
done

cd "$work"
for name in old new; do
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.pem" -days 30 \
        -subj "/CN=$name.example" 2>/dev/null
done
cat old.pem new.pem > old-new.pem
cat new.pem old.pem > new-old.pem

cat > unsigned.xml <<'XML'
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>kreis.example-1</identifier><Signature
 xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod
 Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod
 Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI=""><Transforms><Transform
 Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms><DigestMethod
 Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/></Signature>
</alert>
XML
for name in old new; do
    xmlsec1 --sign --privkey-pem "$name.key" --output "$name.xml" unsigned.xml
done

verified() {
    local signed=$1
    shift
    if xmlsec1 --verify "$@" "$signed.xml" >/dev/null 2>&1; then echo valid; else echo invalid; fi
}

{
    for order in old-new new-old; do
        for signed in old new; do
            echo "file $order: signed by $signed: $(verified "$signed" --pubkey-cert-pem "$order.pem")"
        done
    done
    for signed in old new; do
        both=(--pubkey-cert-pem old.pem --pubkey-cert-pem new.pem)
        echo "option twice, old first: signed by $signed: $(verified "$signed" "${both[@]}")"
        echo "its own certificate alone: signed by $signed: $(verified "$signed" --pubkey-cert-pem "$signed.pem")"
    done
} | tee seen

if ! diff - seen <<'EXPECTED'
file old-new: signed by old: valid
file old-new: signed by new: invalid
file new-old: signed by old: invalid
file new-old: signed by new: valid
option twice, old first: signed by old: valid
its own certificate alone: signed by old: valid
option twice, old first: signed by new: invalid
its own certificate alone: signed by new: valid
EXPECTED
then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
