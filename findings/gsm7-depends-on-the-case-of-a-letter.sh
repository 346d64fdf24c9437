#!/usr/bin/env bash
# GSM 03.38: changing the case of a letter can change the alphabet of a whole SMS, in either direction.
#
# Packages: PyPI: gsm0338==1.1.0, smsutil==1.1.3
# Guess:    The alphabet of Western European languages has the accented letters in both cases; c with a cedilla is
#           in it.
# Seen:     It has à è ì ò ù and not their capitals, the capital Ç and not ç. "ALERTE À LA CRUE" costs UCS-2 where
#           "Alerte à la crue" does not: 70 characters a part instead of 160.
# So:       No upper() or title() on the way to an SMS, and count parts after the last change of the text.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(gsm0338==1.1.0 smsutil==1.1.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import gsm0338
import smsutil


def gsm(text):
    try:
        text.encode("gsm03.38")
        seven = True
    except UnicodeEncodeError:
        seven = False
    assert seven == smsutil.is_valid_gsm(text), text  # two tables that agree
    return seven


for pair in ("äÄ", "öÖ", "üÜ", "ñÑ", "åÅ", "éÉ", "àÀ", "èÈ", "ìÌ", "òÒ", "ùÙ", "çÇ"):
    low, high = pair
    if not (gsm(low) and gsm(high)):
        print(f"{low} {'yes' if gsm(low) else 'no'}, {high} {'yes' if gsm(high) else 'no'}")
text = "Alerte à la crue. " * 8
for one in (text, text.upper()):
    print(f"{one[:16]}... ({len(one)} characters): {len(smsutil.split(one).parts)} SMS")
PY
)
expected='à yes, À no
è yes, È no
ì yes, Ì no
ò yes, Ò no
ù yes, Ù no
ç no, Ç yes
Alerte à la crue... (144 characters): 1 SMS
ALERTE À LA CRUE... (144 characters): 3 SMS'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
