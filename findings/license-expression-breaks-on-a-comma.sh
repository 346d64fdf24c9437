#!/usr/bin/env bash
# license-expression: validate(), made to list what is wrong with a licence, breaks on "MIT/Apache-2.0" and on a comma.
#
# Packages: PyPI: license-expression==30.4.4
# Guess:    validate() answers for any text, with errors for one that is no SPDX expression; parse(validate=True) raises
#           the library's own error for the same texts.
# Seen:     validate() answers for unknown names and wrong orders. For a sign that no name may have, such as a slash or a
#           comma, as in "Apache License, Version 2.0", and for an operator without its second half, it raises
#           AttributeError: it looks for a position that its error does not have. parse(validate=True) does as guessed.
# So:       Licences that packages declare in their own words go through parse(validate=True), not through validate().
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(license-expression==30.4.4)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
from license_expression import ExpressionError, get_spdx_licensing

spdx = get_spdx_licensing()


def of(way, text):
    try:
        return way(text)
    except ExpressionError:
        return "its own error"
    except Exception as error:
        return type(error).__name__


for text in ("MIT", "BSD 3-Clause", "MIT License (MIT)", "MIT/Apache-2.0", "Apache License, Version 2.0", "MIT OR"):
    validated = of(lambda text: "errors" if spdx.validate(text).errors else "valid", text)
    parsed = of(lambda text: f"{spdx.parse(text, validate=True)}", text)
    print(f"{text}: validate {validated}, parse {parsed}")
PY
)
expected="MIT: validate valid, parse MIT
BSD 3-Clause: validate errors, parse its own error
MIT License (MIT): validate errors, parse its own error
MIT/Apache-2.0: validate AttributeError, parse its own error
Apache License, Version 2.0: validate AttributeError, parse its own error
MIT OR: validate AttributeError, parse its own error"

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
