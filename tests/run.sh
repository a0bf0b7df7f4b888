#!/bin/bash
# Runs every test against real peers: Docker, InfluxDB, uWSGI, docker-compose, Chromium. Arguments go to `cargo nextest run`.
#
# As root on Debian or Ubuntu it installs what is missing and starts Docker if none answers; what it started it stops. Elsewhere it
# says what is missing and which tests that leaves out. A fresh machine takes some minutes for packages and images (and more for
# cargo-nextest, which is compiled); later runs take seconds before the first test.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly target=${CARGO_TARGET_DIR:-$PWD/target}
readonly scratch=$target/test-peers
readonly pyuwsgi=pyuwsgi==2.0.30.post1
readonly hdrhistogram=hdrhistogram==0.10.8
dockerd_pid=

# Command, Debian package, what is left out without it.
readonly peers=(
    "dockerd|docker.io|stacks in containers"
    "debootstrap|debootstrap|building the test images"
    "docker-compose|docker-compose|Compose files as docker-compose reads them"
    "influxd|influxdb|writing to a real InfluxDB outside a container"
    "influx|influxdb-client|asking InfluxDB with its own client"
    "chromium|chromium|the dashboard's page in a browser"
    "chromedriver|chromium-driver|the dashboard's page in a browser"
    "prometheus|prometheus|metrics as Prometheus reads them"
    "curl|curl|looking at HTTP answers from outside"
)

news() { echo "tests/run.sh: $*" >&2; }

stop_docker() {
    [[ -n $dockerd_pid ]] || return 0
    kill "$dockerd_pid" 2>/dev/null || true
    wait "$dockerd_pid" 2>/dev/null || true
}
trap stop_docker EXIT

may_install() { [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; }

# Debian's Python has it; the one on PATH may be another.
has_python_client() { /usr/bin/python3 -c 'import influxdb' 2>/dev/null; }

missing_packages() {
    local peer name package _
    for peer in "${peers[@]}"; do
        IFS='|' read -r name package _ <<<"$peer"
        command -v "$name" >/dev/null || echo "$package"
    done
    python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
    has_python_client || echo python3-influxdb
}

# Debian starts a service as soon as it is installed; ours must not take the ports of the lab.
apt_install() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [[ -e $policy ]]; then
        policy=
    else
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    { apt-get update --quiet=2 && DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes \
        --no-install-recommends "$@"; } >"$scratch/apt.log" 2>&1 || status=$?
    [[ -z $policy ]] || rm "$policy"
    return "$status"
}

install_peers() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [[ ${#packages[@]} == 0 ]]; then return; fi
    if may_install; then
        news "installing ${packages[*]}"
        apt_install "${packages[@]}" || news "apt-get failed, see $scratch/apt.log"
    fi
}

say_what_is_left_out() {
    local peer name package tests
    for peer in "${peers[@]}"; do
        IFS='|' read -r name package tests <<<"$peer"
        command -v "$name" >/dev/null || news "no $name (Debian package $package): left out: $tests"
    done
    has_python_client || news "no influxdb for /usr/bin/python3 (Debian package python3-influxdb): left out: the store under a Python client"
}

# A Python environment of its own with one package, unless it is there: name, package, what is left out without it.
install_into_venv() {
    local venv=$scratch/$1
    if [[ -e $venv/complete ]]; then return; fi
    news "installing $2 into $venv"
    if { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "$2"; } >"$scratch/pip.log" 2>&1; then
        touch "$venv/complete"
    else
        news "no $2, see $scratch/pip.log: left out: $3"
        return 1
    fi
}

install_python_peers() {
    if install_into_venv uwsgi "$pyuwsgi" "everything that asks a real uWSGI"; then
        export UWSGI_LAB_TEST_UWSGI=$scratch/uwsgi/bin/uwsgi
    fi
    if install_into_venv hdr "$hdrhistogram" "HdrHistogram logs as another implementation reads them"; then
        export UWSGI_LAB_TEST_HDR_PYTHON=$scratch/hdr/bin/python
    fi
}

docker_answers() { docker info >/dev/null 2>&1; }

start_docker() {
    if docker_answers; then return; fi
    if [[ $(id -u) != 0 ]] || ! command -v dockerd >/dev/null; then return 1; fi
    news "starting dockerd, log in $scratch/dockerd.log"
    dockerd >"$scratch/dockerd.log" 2>&1 </dev/null &
    dockerd_pid=$!
    for _ in $(seq 300); do
        if docker_answers; then return; fi
        if ! kill -0 "$dockerd_pid" 2>/dev/null; then break; fi
        sleep 0.2
    done
    tail -n 5 "$scratch/dockerd.log" >&2
    return 1
}

prepare_docker() {
    local settings
    if ! start_docker; then
        news "no Docker daemon answers: left out: stacks in containers"
        return
    fi
    if ! settings=$(tests/images/build.sh); then
        news "no test images: left out: stacks in containers"
        return
    fi
    eval "$settings"
    export UWSGI_LAB_TEST_DOCKER=1
}

run_tests() {
    if ! cargo nextest --version >/dev/null 2>&1; then
        news "installing cargo-nextest"
        cargo install --quiet --locked cargo-nextest || news "no cargo-nextest: cargo test takes its place"
    fi
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run "$@"
    else
        cargo test
    fi
}

mkdir -p "$scratch"
install_peers
say_what_is_left_out
install_python_peers
prepare_docker
run_tests "$@"
