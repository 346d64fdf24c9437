#!/usr/bin/env bash
# smpplib: a paragraph sign costs UCS-2, a grave accent becomes one, and a euro sign at the seam of two parts an "e".
#
# Packages: PyPI: smpplib==2.2.4
# Guess:    The GSM alphabet is a fixed table, so a library has it right; and parts are cut between characters.
# Seen:     The place of the paragraph sign (0x5F) is held by the grave accent, which GSM-7 does not have: "§ 28
#           IfSG" goes out as UCS-2 (70 characters a part instead of 160). The escape and the code of a euro sign
#           may end up in different parts.
# So:       Do the alphabet and the cutting yourself, and hold them against a second implementation.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(smpplib==2.2.4)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
from smpplib.gsm import make_parts

for text in ("§ 28 IfSG", "`"):
    parts, coding, _ = make_parts(text)
    print(f"{text}: data_coding {coding}, bytes {parts[0].hex()}")
print("GSM 03.38 has 0x5f for the paragraph sign")
parts, coding, _ = make_parts("x" * 152 + "€" + "y" * 9)
end, begin = parts[0][-1:].hex(), parts[1][6:7].hex()  # six bytes of header
print(f"152 x, euro, 9 y: {len(parts)} parts, the first ends in {end}, the second begins with {begin}")
PY
)
expected='§ 28 IfSG: data_coding 8, bytes 00a700200032003800200049006600530047
`: data_coding 0, bytes 5f
GSM 03.38 has 0x5f for the paragraph sign
152 x, euro, 9 y: 2 parts, the first ends in 1b, the second begins with 65'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
