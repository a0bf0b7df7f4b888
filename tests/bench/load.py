#!/usr/bin/env python3
"""Times the load generator beside bare epoll programs, wrk, and wrk2 and oha where they are on PATH, in one run.

Usage: tests/bench/load.py [closed|paced|truth|memory]... [--runs N] [--seconds S]      (default: all, 7 runs of 5 s)

    cargo build --release
    tests/bench/load.py

Needs Linux, two processors and a C compiler; wrk and nginx where they are compared, tcpdump and root for `truth`. The server has one
processor, the tool the other. Tools run in turn, and ratios are taken within a round, because the machine's speed drifts.

  closed  as many requests as go, 1 thread, 16 and 64 connections, against a bare epoll server and nginx: requests a second, processor
          time a request
  paced   fixed rates against the bare server, which notes when each request comes: rate as the server saw it, spread of the arrivals
          around an even schedule, processor time a request, reported median
  truth   the reported median against packets on the wire, from request to response
  memory  resident memory at its highest, for a short run and one ten times as long
"""
import argparse
import array
import json
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
LAB = os.path.join(TARGET, "release", "uwsgi-lab")
PEERS = os.path.join(ROOT, "tests", "bench", "load")
SERVER_CPU, TOOL_CPU = 0, 1
RATES = [16, 1000, 5000, 10000, 20000, 50000]
NGINX = """
worker_processes 1; worker_cpu_affinity 01; daemon off; pid {place}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "Hello World"; }} }}
}}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu), *map(str, command)]


def measured(command):
    """What a command printed, and its processor time in seconds."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(pinned(TOOL_CPU, command), stdout=out, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        out.seek(0)
        return out.read(), usage.ru_utime + usage.ru_stime


def resident_mb(command):
    """The highest resident memory of a command, asked of itself as it runs: what wait4 tells begins with this script's own."""
    process = subprocess.Popen(pinned(TOOL_CPU, command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as file:
            most = max([most] + [int(line.split()[1]) for line in file if line.startswith("VmHWM")])
        time.sleep(0.1)
    return most / 1024


class Server:
    """A server pinned to its processor; `port` once it listens."""

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(pinned(SERVER_CPU, command), stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{command[0]} does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Tools:
    """How each tool is called, and how many requests it says were answered."""

    def __init__(self, bare):
        self.bare = bare

    def closed(self, port, connections, seconds):
        url = f"http://127.0.0.1:{port}/"
        found = {
            "bare client": ([self.bare, port, connections, seconds], lambda out: int(out.split()[0])),
            "uwsgi-lab": (
                [LAB, "load", url, "-R", "max", "-c", connections, "-d", f"{seconds}s", "--output", "json"],
                lambda out: json.loads(out)["requests"]["answered"],
            ),
        }
        wrk = lambda out: int(re.search(r"(\d+) requests in", out).group(1))
        if shutil.which("wrk"):
            found["wrk"] = (["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", url], wrk)
        if shutil.which("wrk2"):
            found["wrk2"] = (["wrk2", "-t1", f"-c{connections}", f"-d{seconds}", "-R1000000", "-U", url], wrk)
        if shutil.which("oha"):
            command = ["oha", "--no-tui", "--output-format", "json", "--worker-threads", "1", "-c", connections, "-z", f"{seconds}s", url]
            found["oha"] = (command, lambda out: sum(json.loads(out)["statusCodeDistribution"].values()))
        return found

    def paced(self, port, rate, seconds):
        """Each gives the reported median in µs."""
        url = f"http://127.0.0.1:{port}/"
        ours = lambda *more: [LAB, "load", url, "-R", rate, "-d", f"{seconds}s", "--output", "json", *more]
        median = lambda out: json.loads(out)["latency_us"]["p50"]
        found = {
            "bare client": ([self.bare, port, 16, seconds, rate], lambda out: int(out.split()[2])),
            "precise": (ours(), median),
            "relaxed": (ours("--timing", "relaxed"), median),
        }
        if shutil.which("wrk2"):
            units = {"us": 1, "ms": 1e3, "s": 1e6}

            def read(out):
                number, unit = re.search(r"50\.000%\s+([\d.]+)(us|ms|s)", out).groups()
                return float(number) * units[unit]

            # Its first 10 s calibrate.
            found["wrk2"] = (["wrk2", "-t1", "-c16", f"-R{rate}", f"-d{seconds + 10}s", "-L", url], read)
        return found


def spread(values):
    values = sorted(values)
    return f"{statistics.median(values):.3f} ({values[0]:.3f}-{values[-1]:.3f})"


def build():
    place = tempfile.mkdtemp(prefix="uwsgi-lab-bench-")
    for name in ["server", "client"]:
        subprocess.run(["cc", "-O2", "-o", f"{place}/{name}", f"{PEERS}/{name}.c"], check=True)
    return place


def servers(place):
    port = free_port()
    yield "bare server", Server([f"{place}/server", port], port)
    if shutil.which("nginx"):
        port = free_port()
        with open(f"{place}/nginx.conf", "w") as file:
            file.write(NGINX.format(place=place, port=port))
        yield "nginx", Server(["nginx", "-c", f"{place}/nginx.conf", "-p", place], port)


def closed(place, runs, seconds):
    tools = Tools(f"{place}/client")
    for target, server in servers(place):
        with server:
            for connections in [16, 64]:
                rounds = []
                for _ in range(runs):
                    one = {}
                    for name, (command, answered) in tools.closed(server.port, connections, seconds).items():
                        out, cpu = measured(command)
                        count = answered(out)
                        one[name] = (count / seconds, cpu / count * 1e6)
                    rounds.append(one)
                print(f"closed loop, {target}, {connections} connections, {runs} rounds of {seconds} s")
                for name in rounds[0]:
                    rate = statistics.median(one[name][0] for one in rounds)
                    cpu = statistics.median(one[name][1] for one in rounds)
                    print(f"  {name:12} {rate:9.0f}/s  {cpu:6.2f} µs of processor a request")
                for name in rounds[0]:
                    if name != "uwsgi-lab":
                        rate = spread(one["uwsgi-lab"][0] / one[name][0] for one in rounds)
                        cpu = spread(one["uwsgi-lab"][1] / one[name][1] for one in rounds)
                        print(f"  uwsgi-lab / {name}: requests {rate}, processor time {cpu}", flush=True)


def arrivals(path, skip_s=0.0):
    """Arrivals in ns as the server noted them, from `skip_s` after the first."""
    noted = array.array("Q")
    with open(path, "rb") as file:
        noted.frombytes(file.read())
    came = noted[0::2]
    return [time_ns for time_ns in came if time_ns >= came[0] + skip_s * 1e9]


def evenness_us(came, rate):
    """Standard deviation of the arrivals around the even schedule that fits them best, in µs."""
    gap = 1e9 / rate
    offsets = [time_ns - came[0] - number * gap for number, time_ns in enumerate(came)]
    return statistics.pstdev(offsets) / 1e3


def paced(place, runs, seconds):
    for rate in RATES:
        rounds = []
        for _ in range(runs):
            one = {}
            for name in Tools("").paced(0, rate, seconds):
                port = free_port()
                log = f"{place}/arrivals"
                command, median = Tools(f"{place}/client").paced(port, rate, seconds)[name]
                with Server([f"{place}/server", port, log], port):
                    out, cpu = measured(command)
                came = arrivals(log, 10 if name == "wrk2" else 0)
                seen = (len(came) - 1) / (came[-1] - came[0]) * 1e9
                total = len(arrivals(log))
                one[name] = (seen / rate, evenness_us(came, rate), cpu / total * 1e6, median(out))
            rounds.append(one)
        print(f"{rate}/s, {runs} rounds of {seconds} s")
        for name in rounds[0]:
            share, even, cpu, median = (statistics.median(one[name][i] for one in rounds) for i in range(4))
            print(f"  {name:12} server saw {share:.5f} of the rate, arrivals ± {even:6.1f} µs, {cpu:6.1f} µs of processor a request, reported p50 {median:6.0f} µs")
        for ours, other in [("precise", "bare client"), ("relaxed", "wrk2")]:
            if other in rounds[0]:
                print(f"  {ours} / {other}: processor time {spread(one[ours][2] / one[other][2] for one in rounds)}", flush=True)


def wire_us(capture, port):
    """Times from each request to its response on the wire in µs, from a capture in pcap format with ns."""
    waiting, times = {}, []
    with open(capture, "rb") as file:
        header = file.read(24)
        if struct.unpack("<I", header[:4])[0] != 0xA1B23C4D:
            sys.exit("tcpdump wrote no nanoseconds")
        link = struct.unpack("<I", header[20:])[0]
        start = {1: 14, 113: 16, 276: 20}[link]
        while head := file.read(16):
            seconds, nanos, kept, _ = struct.unpack("<IIII", head)
            packet = file.read(kept)[start:]
            length = struct.unpack(">H", packet[2:4])[0]
            ip = (packet[0] & 15) * 4
            source, target = struct.unpack(">HH", packet[ip:ip + 4])
            if length - ip - (packet[ip + 12] >> 4) * 4 == 0:
                continue
            stamp = seconds * 10**9 + nanos
            if target == port:
                waiting[source] = stamp
            elif target in waiting:
                times.append((stamp - waiting.pop(target)) / 1e3)
    return times


def truth(place, runs, seconds):
    if not shutil.which("tcpdump") or os.geteuid() != 0:
        print("truth: left out, it needs tcpdump and root")
        return
    for rate in [10, 1000, 10000, 50000]:
        for name in Tools("").paced(0, rate, seconds):
            rounds = []
            for _ in range(runs):
                port = free_port()
                capture = f"{place}/capture"
                command, median = Tools(f"{place}/client").paced(port, rate, seconds)[name]
                with Server([f"{place}/server", port], port):
                    dump = ["tcpdump", "-i", "lo", "-s", "96", "-B", "65536", "--time-stamp-precision=nano", "-w", capture, f"tcp port {port}"]
                    tap = subprocess.Popen(pinned(SERVER_CPU, dump), stderr=subprocess.PIPE, text=True)
                    tap.stderr.readline()
                    out, _ = measured(command)
                    time.sleep(0.3)
                    tap.send_signal(signal.SIGTERM)
                    tap.wait()
                rounds.append((median(out), statistics.median(wire_us(capture, port))))
            reported, wire = (statistics.median(one[i] for one in rounds) for i in range(2))
            print(f"{rate}/s {name:12} reported p50 {reported:7.0f} µs, on the wire {wire:6.0f} µs: {reported - wire:+.0f} µs", flush=True)


def memory(place, runs, seconds):
    port = free_port()
    with Server([f"{place}/server", port], port):
        for connections in [16, 1000]:
            for length in [seconds, seconds * 10]:
                command = [LAB, "load", f"http://127.0.0.1:{port}/", "-R", "20000", "-c", connections, "-d", f"{length}s"]
                print(f"20000/s for {length} s, at most {connections} connections: {resident_mb(command):.1f} MB resident", flush=True)


def main():
    parts = {"closed": closed, "paced": paced, "truth": truth, "memory": memory}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *parts], default=[])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    if not os.path.exists(LAB):
        sys.exit("no release build: cargo build --release")
    place = build()
    try:
        for name in arguments.parts or parts:
            parts[name](place, arguments.runs, arguments.seconds)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
