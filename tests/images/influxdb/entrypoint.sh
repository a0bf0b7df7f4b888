#!/bin/bash
# The part of the official image's contract that the lab relies on: on an empty volume, and only then, a temporary server on
# 127.0.0.1 takes the database and the administrator from the environment; then the real server starts.
set -euo pipefail

readonly meta_dir=${INFLUXDB_META_DIR:-/var/lib/influxdb/meta}
readonly temporary=127.0.0.1:8086

query() {
    curl --silent --show-error --fail --noproxy '*' "http://$temporary/query" --data-urlencode "q=$1" "${@:2}" >/dev/null
}

wait_until_up() {
    for _ in $(seq 150); do
        if curl --silent --fail --noproxy '*' "http://$temporary/ping"; then
            return
        fi
        sleep 0.2
    done
    echo "influxdb init process failed: no answer on $temporary" >&2
    exit 1
}

# As in the official image, an administrator is made only where authentication is on, and the database name is not quoted:
# a name that needs quotes fails here as it fails there.
initialise() {
    INFLUXDB_HTTP_BIND_ADDRESS=$temporary INFLUXDB_HTTP_HTTPS_ENABLED=false influxd &
    local server=$!
    wait_until_up
    local login=()
    if [[ ${INFLUXDB_HTTP_AUTH_ENABLED:-false} == true && -n ${INFLUXDB_ADMIN_USER:-} ]]; then
        query "CREATE USER \"$INFLUXDB_ADMIN_USER\" WITH PASSWORD '$INFLUXDB_ADMIN_PASSWORD' WITH ALL PRIVILEGES"
        login=(--user "$INFLUXDB_ADMIN_USER:$INFLUXDB_ADMIN_PASSWORD")
    fi
    if [[ -n ${INFLUXDB_DB:-} ]]; then
        query "CREATE DATABASE $INFLUXDB_DB" "${login[@]}"
    fi
    kill -TERM "$server"
    wait "$server" || true
}

if [[ ${1:-} == influxd ]]; then
    [[ -d $meta_dir ]] || initialise
fi
exec "$@"
