#!/usr/bin/env bash
# aiosmpplib: a validity or delivery time that it has written comes back in the year 26 and three hours off.
#
# Packages: PyPI: aiosmpplib==0.7.4
# Guess:    What the library writes as SMPP time it also reads: 2026-11-28 12:00+01:00 comes back as that instant.
# Seen:     The offset is written in quarter hours, as SMPP 3.4 says, and read as hours: +01:00
#           becomes +04:00. The year 26 stays the year 26. An offset of +06:00 or more cannot be read, and -05:00
#           is written as 76 quarters west.
# So:       Give relative times (timedelta); those are right.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(aiosmpplib==0.7.4)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import datetime as dt

from aiosmpplib.protocol import SubmitSm

for hours in (0, 1, -5, 6):
    instant = dt.datetime(2026, 11, 28, 12, tzinfo=dt.timezone(dt.timedelta(hours=hours)))
    written = SubmitSm.datetime_to_smpp_time(instant)
    try:
        read = SubmitSm.smpp_time_to_datetime(written).isoformat()
    except ValueError as error:
        read = type(error).__name__
    print(f"{instant.isoformat()}: written {written}, read {read}")
hour = SubmitSm.datetime_to_smpp_time(dt.timedelta(hours=1))
print(f"one hour: written {hour}, read {SubmitSm.smpp_time_to_datetime(hour)}")
PY
)
expected='2026-11-28T12:00:00+00:00: written 261128120000000+, read 0026-11-28T12:00:00+00:00
2026-11-28T12:00:00+01:00: written 261128120000004+, read 0026-11-28T12:00:00+04:00
2026-11-28T12:00:00-05:00: written 261128120000076-, read ValueError
2026-11-28T12:00:00+06:00: written 261128120000024+, read ValueError
one hour: written 000000010000000R, read 1:00:00'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
