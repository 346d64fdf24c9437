#!/usr/bin/env bash
# lxml: the canonical form of an element inside a tree takes the default namespace from its grandchildren.
#
# Packages: PyPI: lxml==6.1.3
# Guess:    tostring(element, method="c14n") of a SignedInfo is what its signer hashed, whether the namespace of
#           XML Signature has a prefix or is the default one.
# Seen:     Where the default namespace is declared at an ancestor, each grandchild gets xmlns="": it is in no
#           namespace any more. With a prefix, in the exclusive form, or as a document of its own all is right.
# So:       Read the element as a document of its own first (tostring() writes the namespaces in scope), and bring
#           that into canonical form; else genuine signatures without a prefix are called invalid.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(lxml==6.1.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
from lxml import etree

PLAIN = '<a xmlns="urn:a"><S xmlns="urn:s"><I><R><T/></R></I></S></a>'
PREFIXED = '<a xmlns="urn:a"><s:S xmlns:s="urn:s"><s:I><s:R><s:T/></s:R></s:I></s:S></a>'


def canonical(element, **options):
    return etree.tostring(element, method="c14n", **options).decode()


inner = etree.fromstring(PLAIN).find(".//{urn:s}I")
print("inside:", canonical(inner))
print("inside, exclusive:", canonical(inner, exclusive=True))
print("own document:", canonical(etree.fromstring(etree.tostring(inner))))
print("inside, prefixed:", canonical(etree.fromstring(PREFIXED).find(".//{urn:s}I")))
PY
)
expected='inside: <I xmlns="urn:s"><R><T xmlns=""></T></R></I>
inside, exclusive: <I xmlns="urn:s"><R><T></T></R></I>
own document: <I xmlns="urn:s"><R><T></T></R></I>
inside, prefixed: <s:I xmlns="urn:a" xmlns:s="urn:s"><s:R><s:T></s:T></s:R></s:I>'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
