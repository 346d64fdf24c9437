#!/bin/sh
# Makes a folder from which `docker compose` or `podman compose` runs the service on one machine, without this checkout:
# compose.yaml, the proxy's files, settings, and passwords that are drawn here and stand in files alone.
#
#   sudo ops/container/prepare.sh /srv/cap-dispatcher
set -eu
umask 077
from=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?where to make it}
if [ -e "$folder/secrets" ]; then
  echo "$folder/secrets is there already: nothing was changed" >&2
  exit 1
fi
drawn() { od -An -vtx1 -N24 /dev/urandom | tr -d ' \n'; }
# Only root gets into the folder; in a container each of these files is seen by those alone that name it.
secret() { cat >"$folder/secrets/$1"; chmod 444 "$folder/secrets/$1"; }
# What the service itself writes, or wants nobody else to be able to read.
own() { [ "$(id -u)" -ne 0 ] || chown -R 10001:10001 "$1"; }

mkdir -p "$folder/secrets/keys" "$folder/backups" "$folder/acme"
cp "$from/container/compose.yaml" "$from/container/proxy.sh" "$from/nginx/cap-dispatcher.conf" "$folder"
chmod 555 "$folder/proxy.sh"
chmod 444 "$folder/cap-dispatcher.conf"
chmod 755 "$folder/acme"

owner=$(drawn) service=$(drawn) queue=$(drawn)
printf '%s' "$owner" | secret postgres-password
printf 'postgresql://dispatcher_owner:%s@postgres/dispatcher' "$owner" | secret database-owner-url
printf 'postgresql://dispatcher:%s@postgres/dispatcher' "$service" | secret database-url
printf 'redis://:%s@valkey' "$queue" | secret redis-url
printf 'requirepass %s\nappendonly yes\nsave ""\nmaxmemory-policy noeviction\ndir /data\n' "$queue" | secret valkey.conf
drawn >"$folder/secrets/backup-passphrase"
chmod 400 "$folder/secrets/backup-passphrase"
own "$folder/secrets/backup-passphrase"
own "$folder/secrets/keys"
own "$folder/backups"
cat >"$folder/settings.env" <<'END'
# Settings of the service, as in ops/docs/settings.md. Those that hold secrets are files in secrets/.
WARN_VAPID_SUBJECT=mailto:warnung@kreis.example
WARN_CONSOLE_URL=https://warn.example
END
echo "SERVER_NAME=warn.example" >"$folder/.env"
echo "$folder: now settings.env and .env, and the certificate: secrets/warn.pem, secrets/warn.key"
