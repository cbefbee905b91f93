#!/usr/bin/env bash
# Makes what compose.yaml reads from files, unless it is there: passwords and addresses of the database in secrets/,
# and in tls/ a certificate that vouches for itself, for a first try. Usage: secrets.sh HOST
set -euo pipefail
host=${1:?usage: secrets.sh HOST, the name that people will type}
cd "$(dirname "$0")"
umask 077
mkdir -p secrets tls
# The folder keeps others out; processes in containers have other numbers than whoever runs this.
for role in postgres owner web worker scheduler; do
    [ -s "secrets/db-$role" ] || openssl rand -hex 24 > "secrets/db-$role"
done
for role in web worker scheduler; do
    echo "postgres://files_$role:$(cat "secrets/db-$role")@postgres/sofie?sslmode=disable" > "secrets/database-url-$role"
done
echo "postgres://sofie_owner:$(cat secrets/db-owner)@postgres/sofie?sslmode=disable" > secrets/database-url-owner
if [ ! -s tls/fullchain.pem ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout tls/privkey.pem -out tls/fullchain.pem \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" -addext 'basicConstraints=critical,CA:FALSE' 2>/dev/null
fi
chmod 0444 secrets/* tls/*
echo "SOFIE_HOST=$host" > .env
