#!/usr/bin/env bash
# Builds the image of the service by buildah: without a Docker engine, and without any registry.
#
#   apt install buildah debootstrap
#   make setup && sudo ops/container/build.sh
#
# The first layer is Debian with its Python, by debootstrap, with all security updates of that day; or BASE=NAME, an
# image of your own that has this Python. The second is the wheel of this checkout and the packages that it needs, in
# the versions and with the hashes of requirements.lock. What is needed for building only stays outside: no compiler,
# no pip, no cache is in it, and no setting or secret of an installation. See ops/docs/containers.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BIN=$PWD/.venv/bin
IMAGE=${IMAGE:-localhost/cap-dispatcher}
BASE=${BASE:-}
SUITE=${SUITE:-bookworm}
PYTHON=${PYTHON:-3.11}  # of SUITE, or of BASE
MIRROR=${MIRROR:-http://deb.debian.org/debian}
SECURITY=${SECURITY:-http://deb.debian.org/debian-security}
EXTRAS=${EXTRAS-embedded}  # pg_dump for `dispatcher backup`; empty: none
ALIVE="import urllib.request as r; r.urlopen('http://127.0.0.1:9101/livez', timeout=4)"
ACCOUNT=10001  # no account of the machine's: numbers below are given to people

needed() {
  command -v "$1" >/dev/null || { echo "$1 is not here: $2" >&2; exit 1; }
}
needed buildah "apt install buildah"
[[ $BASE ]] || needed debootstrap "apt install debootstrap, or name an image by BASE="
needed "$BIN/uv" "make setup"
[[ $EUID -eq 0 ]] || { echo "as root, or with BASE= by: buildah unshare $0" >&2; exit 1; }

folder=$(mktemp -d /var/tmp/cap-dispatcher-image.XXXXXX)
container=
trap '[[ -z $container ]] || buildah rm "$container" >/dev/null; rm -rf --one-file-system "$folder"' EXIT

# The program: wheels, so that nothing of the packages is run while it is put together, but of the one that has none.
built='import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))'
wheel=$("$BIN/python" -c "$built" "$folder")
version=$(cut -d- -f2 <<<"$wheel")
sum=$(sha256sum "$folder/$wheel" | cut -d' ' -f1)
echo "cap-dispatcher${EXTRAS:+[$EXTRAS]} @ file://$folder/$wheel#sha256=$sum" >"$folder/requirements.txt"
"$BIN/uv" pip install --quiet --target "$folder/program" --link-mode copy \
  --python-version "$PYTHON" --python-platform "$(uname -m)-manylinux_2_28" --only-binary :all: --no-binary http-ece \
  --require-hashes --constraint requirements.lock --requirement "$folder/requirements.txt"
rm -rf "$folder"/program/{bin,include}  # the first lines of programs name the Python of this machine

if [[ ! $BASE ]]; then
  root=$folder/base
  debootstrap --variant=minbase --include=ca-certificates,python3 "$SUITE" "$root" "$MIRROR" >"$folder/log" ||
    { tail -n 20 "$folder/log" >&2; exit 1; }
  printf 'deb %s %s main\n' "$MIRROR" "$SUITE" "$MIRROR" "$SUITE-updates" "$SECURITY" "$SUITE-security" \
    >"$root/etc/apt/sources.list"
  chroot "$root" apt-get -qq update
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq --yes upgrade >/dev/null
  chroot "$root" apt-get -qq clean
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/{doc,man,info,locale}/*
  : >"$root/etc/resolv.conf"  # of this machine
  rm -f "$root/etc/hostname"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$root" / >/dev/null
  rm -rf --one-file-system "$root"
  BASE=$(buildah commit --quiet --format docker "$container" "$IMAGE-base:$SUITE")
  buildah rm "$container" >/dev/null
fi

container=$(buildah from --pull=never "$BASE" 2>/dev/null || buildah from "$BASE")
root=$(buildah mount "$container")
[[ -x $root/usr/bin/python$PYTHON ]] || { echo "$BASE has no /usr/bin/python$PYTHON" >&2; exit 1; }
install -d -m 755 "$root/opt" "$root/usr/local/bin"
cp -a "$folder/program" "$root/opt/cap-dispatcher"
chown -R 0:0 "$root/opt/cap-dispatcher"
chmod -R u=rwX,go=rX "$root/opt/cap-dispatcher"
# On a file system that is read-only each start would compile all that it imports.
chroot "$root" "/usr/bin/python$PYTHON" -m compileall -q --invalidation-mode unchecked-hash /opt/cap-dispatcher
printf '#!/bin/sh\nexec /usr/bin/python%s -m dispatcher "$@"\n' "$PYTHON" >"$root/usr/local/bin/dispatcher"
chmod 755 "$root/usr/local/bin/dispatcher"
echo "cap-dispatcher:x:$ACCOUNT:" >>"$root/etc/group"
echo "cap-dispatcher:x:$ACCOUNT:$ACCOUNT::/var/lib/cap-dispatcher:/usr/sbin/nologin" >>"$root/etc/passwd"
install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 700 "$root/var/lib/cap-dispatcher"
find "$root" -xdev -type f -perm /6000 -exec chmod a-s {} +  # nobody becomes somebody else in it
buildah umount "$container" >/dev/null

# PYTHONSAFEPATH: what lies in the working directory is data, and never imported.
buildah config \
  --user "$ACCOUNT:$ACCOUNT" \
  --workingdir /var/lib/cap-dispatcher \
  --entrypoint '["/usr/local/bin/dispatcher"]' --cmd '--help' \
  --stop-signal SIGTERM \
  --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 \
  --env PYTHONPATH=/opt/cap-dispatcher --env PYTHONSAFEPATH=1 \
  --env WARN_DATA_DIR=/var/lib/cap-dispatcher/data \
  --env WARN_API_HOST=0.0.0.0 --env WARN_READING_HOST=0.0.0.0 --env WARN_CITIZENS_HOST=0.0.0.0 \
  --env WARN_METRICS_HOST=0.0.0.0 --env WARN_METRICS_PORT=9101 \
  --port 8080 --port 8081 --port 8082 --port 9101 \
  --healthcheck "CMD /usr/bin/python$PYTHON -c \"$ALIVE\"" \
  --healthcheck-interval 10s --healthcheck-timeout 5s --healthcheck-start-period 60s --healthcheck-retries 6 \
  --label org.opencontainers.image.title=cap-dispatcher \
  --label org.opencontainers.image.version="$version" \
  --label org.opencontainers.image.revision="$(git describe --always --dirty --abbrev=40 2>/dev/null || echo unknown)" \
  --label org.opencontainers.image.licenses=Apache-2.0 \
  "$container"
# Docker's format: OCI's has no health check.
buildah commit --quiet --format docker "$container" "$IMAGE:$version" >/dev/null
buildah tag "$IMAGE:$version" "$IMAGE:latest"
echo "$IMAGE:$version"
