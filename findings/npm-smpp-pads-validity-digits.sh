#!/usr/bin/env bash
# npm smpp: validity_period "3600" is 36 minutes.
#
# Packages: npm: smpp@0.5.1
# Guess:    A validity of "3600" is a number of seconds: one hour. At least it would be refused if it were not.
# Seen:     The digits are padded with zeros on the left into the relative form of SMPP, years to seconds: 3600 is
#           36 min 00 s, 1440 is 14 min 40 s, and 86400 the impossible 8 h 64 min. All go out without a word.
# So:       Give a Date, or all sixteen characters.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(smpp@0.5.1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
npm install --silent --no-audit --no-fund "${packages[@]}"

seen=$(node - <<'JS'
const smpp = require('smpp');
for (const validity of ['600', '1440', '3600', '86400']) {
  const text = {destination_addr: '491713920000', short_message: 'x', validity_period: validity};
  const sent = new smpp.PDU('submit_sm', text).toBuffer().toString('latin1').match(/[0-9]{15}[R+-]/)[0];
  console.log(`${validity}: sent as ${sent}: ${sent.slice(6, 8)} h ${sent.slice(8, 10)} min ${sent.slice(10, 12)} s`);
}
JS
)
expected='600: sent as 000000000600000R: 00 h 06 min 00 s
1440: sent as 000000001440000R: 00 h 14 min 40 s
3600: sent as 000000003600000R: 00 h 36 min 00 s
86400: sent as 000000086400000R: 08 h 64 min 00 s'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
