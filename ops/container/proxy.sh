#!/bin/sh
# Starts nginx in a container, with the file of ops/nginx for one machine: its addresses become the names of the
# processes, and its name that of SERVER_NAME. NGINX and CONF_D are where the image has its files; `--dry` only writes.
set -eu
: "${SERVER_NAME:?the name by which people and programs reach the service}"
NGINX=${NGINX:-/etc/nginx}
CONF_D=${CONF_D:-/etc/nginx/conf.d}
MAIN=${MAIN:-/tmp/nginx.conf}

# There are processes for citizens and for reading: a crowd is not to fall upon the API when one of them restarts.
sed -e '/ backup;$/d' \
  -e 's/server 127\.0\.0\.1:8080/server api:8080/' \
  -e 's/server 127\.0\.0\.1:8081/server reading:8081/' \
  -e 's/server 127\.0\.0\.1:8082/server citizens:8082/' \
  -e "s/server_name warn\.example;/server_name $SERVER_NAME;/" \
  -e 's#^\( *error_log\) [^ ]*#\1 stderr#' \
  -e "s#/etc/nginx/warn\.#${CERTIFICATES:-/run/secrets}/warn.#" \
  "${SOURCE:-/cap-dispatcher.conf}" >"$CONF_D/cap-dispatcher.conf"
[ -e /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' "$CONF_D/cap-dispatcher.conf"
sed -e 's/worker_connections .*/worker_connections 16384;/' -e 's#^pid .*#pid /tmp/nginx.pid;#' \
  "$NGINX/nginx.conf" >"$MAIN"
[ "${1:-}" != --dry ] || exit 0
exec nginx -c "$MAIN" -g 'daemon off; worker_rlimit_nofile 40000;'
