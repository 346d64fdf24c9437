#!/usr/bin/env bash
# anyascii: a sign that is struck through loses its stroke, so that "not" becomes its opposite, and 1½ becomes 11/2.
#
# Packages: PyPI: anyascii==0.3.3, Unidecode==1.4.0, text-unidecode==1.3
# Guess:    A library that spells Unicode in ASCII keeps the sense of a sign, or leaves the sign out.
# Seen:     anyascii spells the signs for "not equal", "not less than" and "not an element of" like those without the
#           stroke: "≠ 112" is "= 112". With it and text-unidecode a mixed number runs together: "1½ m" is "11/2 m",
#           eleven halves. Unidecode sets a blank between, and leaves the struck signs out.
# So:       What spells warnings for an SMS is a table of signs somebody has read, sign by sign.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(anyascii==0.3.3 Unidecode==1.4.0 text-unidecode==1.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
from anyascii import anyascii
from text_unidecode import unidecode as text_unidecode
from unidecode import unidecode

for text in ("≠ 112", "≮ 5", "∉", "1½ m"):
    print(f"{text}: anyascii {anyascii(text)!r}, Unidecode {unidecode(text)!r}, "
          f"text-unidecode {text_unidecode(text)!r}")
assert anyascii("≠") == anyascii("=") and anyascii("≮") == anyascii("<")
PY
)
expected="≠ 112: anyascii '= 112', Unidecode ' 112', text-unidecode '[?] 112'
≮ 5: anyascii '< 5', Unidecode ' 5', text-unidecode '[?] 5'
∉: anyascii 'E', Unidecode '', text-unidecode '[?]'
1½ m: anyascii '11/2 m', Unidecode '1 1/2 m', text-unidecode '11/2 m'"

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
