#!/usr/bin/env python3
"""Times `uwsgi-lab up` and `down` beside docker-compose with the same Compose file, in turn, in one run.

Usage: tests/bench/up_down.py [RUNS]   (default 7; needs Docker, docker-compose and the images, see below)

    cargo build --release
    eval "$(tests/images/build.sh)"      # or let the official images be pulled
    tests/bench/up_down.py

What is compared:
  own start    from creating the containers with docker-compose until the slowest service answers on its port
  up           `uwsgi-lab up --detach` from nothing but images: containers, readiness, provisioning, collector
  first point  from the start of `up` until the first point is stored, as the lab's own status says
  down         containers and network removed, volumes kept
InfluxDB + uWSGI alone (no Grafana) are timed too, because that is the stack docker-compose 1.29 was first measured with.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
LAB = os.path.join(TARGET, "release", "uwsgi-lab")
PORTS = {"APP": 29090, "STATS": 29191, "INFLUXDB": 28086, "GRAFANA": 23000}
READY = {"STATS": ("/", 200), "INFLUXDB": ("/ping", 204), "GRAFANA": ("/api/health", 200)}


def environment(state):
    env = dict(os.environ, UWSGI_LAB_STATE_DIR=state)
    env.update({f"UWSGI_LAB_{name}_PORT": str(port) for name, port in PORTS.items()})
    env.update({f"UWSGI_LAB_{name}_PASSWORD": "bench-" + name.lower() for name in ("INFLUXDB", "GRAFANA")})
    return env


def run(arguments, env):
    start = time.monotonic()
    done = subprocess.run(arguments, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - start, done.stdout


def answers(name):
    path, status = READY[name]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORTS[name]}{path}", timeout=2) as answer:
            return answer.status == status and (name != "STATS" or b'"workers"' in answer.read())
    except (urllib.error.URLError, OSError):
        return False


def wait_for(names):
    waiting = set(names)
    while waiting:
        waiting = {name for name in waiting if not answers(name)}
        if waiting:
            time.sleep(0.01)


def compose(env, file, *arguments):
    return ["docker-compose", "--project-name", "uwsgi-lab-bench-compose", "--file", file, *arguments]


def with_compose(env, file, names):
    """Wall seconds of up, of up until every service answers, of down."""
    start = time.monotonic()
    up, _ = run(compose(env, file, "up", "--detach"), env)
    wait_for(names)
    ready = time.monotonic() - start
    down, _ = run(compose(env, file, "down"), env)
    run(compose(env, file, "down", "--volumes"), env)
    return {"compose up": up, "own start": ready, "compose down": down}


def with_lab(env, file):
    """Wall seconds of up, of the first stored point, of down."""
    lab = [LAB]
    options = ["--name", "uwsgi-lab-bench"]
    began = time.time()
    up, _ = run(lab + ["up", "--detach", "--file", file] + options, env)
    while True:
        _, text = run(lab + ["status", "--output", "json"] + options, env)
        first = json.loads(text)["running"]["writer"]["first_write_ms"]
        if first is not None:
            break
        time.sleep(0.01)
    down, _ = run(lab + ["down"] + options, env)
    run(lab + ["down", "--volumes"] + options, env)
    return {"up": up, "first point": first / 1000 - began, "down": down}


def without_grafana(directory):
    """The stack as it is, but for the service grafana."""
    import re

    with open(os.path.join(ROOT, "stack", "compose.yaml"), encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"\n  grafana:\n(?:    .*\n|\n)*", "\n", text)
    text = text.replace("  grafana-data:\n", "").replace("./uwsgi", os.path.join(ROOT, "stack", "uwsgi"))
    path = os.path.join(directory, "compose.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def measure(title, file, names, runs):
    samples = {}
    with tempfile.TemporaryDirectory() as state:
        env = environment(state)
        for number in range(runs + 1):
            figures = {**with_compose(env, file, names), **with_lab(env, file)}
            if number:  # the first run builds images and warms caches
                for name, seconds in figures.items():
                    samples.setdefault(name, []).append(seconds)
    print(f"\n{title}, {runs} runs, seconds: median (least to most)")
    for name, seconds in samples.items():
        print(f"  {name:13} {statistics.median(seconds):6.3f} ({min(seconds):.3f} to {max(seconds):.3f})")
    for one, other in (
        ("up", "own start"),
        ("first point", "own start"),
        ("up", "compose up"),
        ("down", "compose down"),
    ):
        ratios = [a / b for a, b in zip(samples[one], samples[other])]
        print(f"  {one + ' / ' + other:26} {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    if not os.path.exists(LAB):
        sys.exit(f"{LAB} is missing: run `cargo build --release` first")
    measure("Whole stack", os.path.join(ROOT, "stack", "compose.yaml"), ["STATS", "INFLUXDB", "GRAFANA"], runs)
    with tempfile.TemporaryDirectory() as directory:
        measure("InfluxDB and uWSGI", without_grafana(directory), ["STATS", "INFLUXDB"], runs)


if __name__ == "__main__":
    main()
