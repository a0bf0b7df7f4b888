#!/bin/bash
# Builds the images that stand in for the official ones in tests, from Debian alone; no image registry is asked.
#
#   eval "$(tests/images/build.sh)"              all images; the settings on stdout, the news on stderr
#   eval "$(tests/images/build.sh influxdb python)"
#
# An image is built again only when what it is made of changed. A fresh machine takes about three minutes, most of them for
# debootstrap (needs root) and apt; later runs take a second.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly prefix=uwsgi-lab-test
readonly hash_label=uwsgi-lab-test.made-of
readonly mirror=${UWSGI_LAB_TEST_MIRROR:-http://deb.debian.org/debian}
# Behind a private CA, apt and pip in the containers must trust what the host trusts.
readonly ca_bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
scratch=$(mktemp -d)
trap 'rm -rf --one-file-system "$scratch"' EXIT

news() { echo "test images: $*" >&2; }

hash_of() { cat "$@" | sha256sum | cut -c1-16; }

up_to_date() {
    [[ $(docker image inspect --format "{{index .Config.Labels \"$hash_label\"}}" "$1" 2>/dev/null) == "$2" ]]
}

proxy_arguments() {
    local name
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        [[ -z ${!name:-} ]] || printf -- '--build-arg\n%s\n' "$name"
    done
}

base_hash() {
    { echo "$mirror"; cat "${BASH_SOURCE[0]}"; [[ ! -r $ca_bundle ]] || cat "$ca_bundle"; } | hash_of -
}

build_base() {
    local tag=$prefix/base:bookworm
    if up_to_date "$tag" "$1"; then return; fi
    if [[ $(id -u) != 0 ]]; then
        news "debootstrap needs root: run 'sudo $0' once"
        exit 1
    fi
    news "$tag: debootstrap from $mirror"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$scratch/system" "$mirror" >&2
    [[ ! -r $ca_bundle ]] || cp "$ca_bundle" "$scratch/system/etc/ssl/certs/ca-certificates.crt"
    rm -rf "$scratch"/system/var/cache/apt/archives/*.deb "$scratch"/system/var/lib/apt/lists/*
    tar --create --directory "$scratch/system" --one-file-system . \
        | docker import --change "LABEL $hash_label=$1" - "$tag" >&2
}

# build TAG CONTEXT HASH. The host's network: a proxy may listen on the host's loopback.
build() {
    local arguments
    if up_to_date "$1" "$3"; then return; fi
    news "$1: docker build"
    mapfile -t arguments < <(proxy_arguments)
    DOCKER_BUILDKIT=0 docker build --network host --label "$hash_label=$3" --tag "$1" "${arguments[@]}" "$2" >&2
}

build_from_base() {
    build "$2" "$here/$1" "$(hash_of "$here/$1"/* - <<<"$base")"
}

# Builds the program itself first; its context is the Dockerfile and that one file.
build_grafana() {
    local target=${CARGO_TARGET_DIR:-$here/../../target}
    cargo build --quiet --manifest-path "$here/../../Cargo.toml" --bin uwsgi-lab >&2
    mkdir "$scratch/grafana"
    cp "$here/grafana/Dockerfile" "$target/debug/uwsgi-lab" "$scratch/grafana/"
    build "$1" "$scratch/grafana" "$(hash_of "$scratch"/grafana/* - <<<"$base")"
}

main() {
    local image
    base=$(base_hash)
    build_base "$base"
    for image in "$@"; do
        case $image in
            influxdb) build_from_base influxdb "$prefix/influxdb:1.6.7"
                echo "export UWSGI_LAB_INFLUXDB_IMAGE=$prefix/influxdb:1.6.7" ;;
            python) build_from_base python "$prefix/python:bookworm"
                echo "export UWSGI_LAB_UWSGI_BASE=$prefix/python:bookworm" ;;
            grafana) build_grafana "$prefix/grafana:dev"
                echo "export UWSGI_LAB_GRAFANA_IMAGE=$prefix/grafana:dev" ;;
            *) news "no image '$image': influxdb, python or grafana"; exit 2 ;;
        esac
    done
}

if [[ $# == 0 ]]; then set -- influxdb python grafana; fi
main "$@"
