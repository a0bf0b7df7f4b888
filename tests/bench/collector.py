#!/usr/bin/env python3
"""What the collector costs: one scrape, a thousand stats servers, and InfluxDB away for some time.

Usage: tests/bench/collector.py [scrape|many|away]... [--servers N] [--minutes M] [--away M] [--against influxd,store]
(default: all, 1,000 servers, 5 minutes, away for 10 minutes, against both)

    cargo build --release
    tests/bench/collector.py

Needs Linux; a C compiler for the allocations; Debian's package influxdb, for `influxd`. The stats servers are one process: it answers on
unix sockets with a document that uWSGI sent once, in which the counters grow.

  scrape  a document of 4 workers with 2 cores each and one of 64 with 4 each: processor time and allocations a scrape, from fetch to
          line protocol, and with gzip and HTTP to the store
  many    every server each second: processor time as a share of one core, resident memory at its highest, scrapes that are missing,
          failed, or began more than 0.1 s late
  away    the same, and InfluxDB is stopped for some time: memory and disk while it is away, points that are missing, and how long
          writing them takes once it is back
"""
import argparse
import copy
import ctypes
import json
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
LAB = os.path.join(TARGET, "release", "uwsgi-lab")
DOCUMENT = os.path.join(ROOT, "tests", "fixtures", "uwsgi-stats", "hello-world-busy.json")
# Counters of uWSGI that a server with traffic moves.
GROWING = re.compile(r'"(?:requests|delta_requests|running_time|tx)":(\d+)')
INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{data}/meta"
[data]
dir = "{data}/data"
wal-dir = "{data}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
"""
COUNTER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
static unsigned long *counts;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("ALLOCATIONS"), O_RDWR);
    void *place = mmap(0, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0 && place != MAP_FAILED) counts = place;
}
static void count(size_t size) {
    if (!counts) return;
    __atomic_fetch_add(&counts[0], 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&counts[1], size, __ATOMIC_RELAXED);
}
void *malloc(size_t size) { count(size); return __libc_malloc(size); }
void *calloc(size_t n, size_t size) { count(n * size); return __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { count(size); return __libc_realloc(old, size); }
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def document(workers, cores):
    """A document of uWSGI with so many workers and cores, as pieces around its growing counters."""
    with open(DOCUMENT) as file:
        whole = json.load(file)
    model = whole["workers"][0]
    whole["workers"] = []
    for number in range(workers):
        worker = copy.deepcopy(model)
        worker.update(id=number + 1, pid=2000 + number)
        worker["cores"] = [dict(copy.deepcopy(model["cores"][core % len(model["cores"])]), id=core) for core in range(cores)]
        whole["workers"].append(worker)
    text = json.dumps(whole, indent="\t", separators=(",", ":"))
    pieces, at = [], 0
    for found in GROWING.finditer(text):
        pieces += [text[at:found.start(1)].encode(), int(found.group(1))]
        at = found.end(1)
    return pieces + [text[at:].encode()]


def serve(paths, pieces):
    """Answers on each path with the document of the moment, as uWSGI does without stats-http. Never returns."""
    poll, listeners = select.epoll(), {}
    for path in paths:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(16)
        listeners[listener.fileno()] = listener
        poll.register(listener, select.EPOLLIN)
    made, answer = None, b""
    while True:
        for ready, _ in poll.poll():
            now = time.time()
            if int(now * 100) != made:
                made = int(now * 100)
                steps = made % 10**8
                answer = b"".join(piece if isinstance(piece, bytes) else b"%d" % (piece + steps) for piece in pieces)
            stream, _ = listeners[ready].accept()
            with stream:
                try:
                    stream.sendall(answer)
                except OSError:
                    pass  # a collector that was stopped


class Servers:
    """Stats servers in a process of their own."""

    def __init__(self, scratch, count, workers, cores):
        self.paths = [os.path.join(scratch, f"s{number}") for number in range(count)]
        self.process = os.fork()
        if self.process == 0:
            try:
                serve(self.paths, document(workers, cores))
            finally:
                os._exit(1)
        while not os.path.exists(self.paths[-1]):
            time.sleep(0.01)

    def addresses(self):
        return [f"unix://{path}" for path in self.paths]

    def stop(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


class Influx:
    """InfluxDB, or the store in its place; may be stopped and started again."""

    def __init__(self, kind, scratch):
        self.kind, self.port = kind, free_port()
        self.data = os.path.join(scratch, kind)
        if kind == "influxd":
            config = os.path.join(scratch, "influxdb.conf")
            with open(config, "w") as file:
                file.write(INFLUXD.format(data=self.data, port=self.port, rpc=free_port()))
            self.command = ["influxd", "-config", config]
        else:
            self.command = [LAB, "store", "--listen", f"127.0.0.1:{self.port}", "--data", self.data]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping").close()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{self.kind} does not answer")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def query(self, text):
        asked = urllib.parse.urlencode({"db": "uWSGI", "epoch": "ms", "q": text})
        with urllib.request.urlopen(f"{self.url()}/query?{asked}", timeout=600) as answer:
            return json.load(answer)["results"][0].get("series", [])


class Collector:
    def __init__(self, addresses, *options, environment=None):
        command = [LAB, "collect", *addresses, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})
        self.pid = self.process.pid

    def processor_s(self):
        """Of all threads, those that have ended too."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def most_resident_mb(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(next(line for line in file if line.startswith("VmHWM")).split()[1]) / 1024

    def resident_mb(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate()
        if self.process.returncode:
            print(f"  collect ended with {self.process.returncode} and said: {said.strip()[:2000]}")


def allocations_library(scratch):
    """Counts what the collector allocates, in a file; None without a C compiler."""
    source, library = os.path.join(scratch, "count.c"), os.path.join(scratch, "count.so")
    with open(source, "w") as file:
        file.write(COUNTER)
    try:
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return library


def scrapes(scratch, seconds):
    library = allocations_library(scratch)
    print(f"{'one scrape':24} {'to':12} {'processor time':>16} {'allocations':>12} {'bytes':>12}")
    for workers, cores in [(4, 2), (64, 4)]:
        servers = Servers(tempfile.mkdtemp(dir=scratch), 1, workers, cores)
        try:
            for place in ["/dev/null", "store"]:
                store = Influx("store", tempfile.mkdtemp(dir=scratch)) if place == "store" else None
                target = ["--influxdb", store.url()] if store else ["--output", place]
                try:
                    line = scrape(scratch, servers, target, seconds, library)
                finally:
                    if store:
                        store.stop()
                print(f"{f'{workers} workers, {cores} cores':24} {place:12} {line}", flush=True)
        finally:
            servers.stop()


def scrape(scratch, servers, target, seconds, library):
    """One server every 20 ms: the difference between two moments, so that the start does not count."""
    counts = os.path.join(scratch, "counts")
    with open(counts, "wb") as file:
        file.write(bytes(16))
    costs = []
    # The allocations are counted in a run of their own, for counting takes time.
    for environment in [{}, {"LD_PRELOAD": library, "ALLOCATIONS": counts}] if library else [{}]:
        collector = Collector(servers.addresses(), "--interval", "20ms", *target, environment=environment)
        try:
            time.sleep(2)
            before = (collector.processor_s(), *counted(counts))
            time.sleep(seconds)
            after = (collector.processor_s(), *counted(counts))
        finally:
            collector.stop()
        costs.append([(late - early) / (seconds * 50) for early, late in zip(before, after)])
    text = f"{costs[0][0] * 1e6:13.0f} us"
    return text + (f" {costs[1][1]:12.0f} {costs[1][2]:12,.0f}" if library else "")


def counted(path):
    with open(path, "rb") as file:
        return (ctypes.c_ulong * 2).from_buffer_copy(file.read(16))


def start(scratch, arguments, kind):
    servers = Servers(tempfile.mkdtemp(dir=scratch), arguments.servers, 4, 2)
    influx = Influx(kind, scratch)
    collector = Collector(servers.addresses(), "--influxdb", influx.url(), "--buffer-dir", os.path.join(scratch, "buffer"))
    return servers, influx, collector


def many(scratch, arguments, kind):
    servers, influx, collector = start(scratch, arguments, kind)
    buffer = os.path.join(scratch, "buffer")
    try:
        time.sleep(5)
        begin, before = time.time(), collector.processor_s()
        time.sleep(arguments.minutes * 60)
        end, after = time.time(), collector.processor_s()
        print(f"{arguments.servers} servers each second for {arguments.minutes:g} min, to {kind}: {(after - before) / (end - begin):.1%} of one core, "
              f"{collector.most_resident_mb():.1f} MB resident at its highest; {account(influx, buffer, arguments.servers, begin, end)}", flush=True)
    finally:
        collector.stop()
        influx.stop()
        servers.stop()


def account(influx, buffer, servers, begin, end):
    """What became of the scrapes of the whole seconds from `begin` to `end`. Waits a minute at most for the last of them."""
    begin, end = int(begin) + 1, int(end) - 1
    expected, asked = servers * (end - begin), time.time()
    while True:
        [series] = influx.query(f"SELECT count(up), sum(up) FROM uwsgi_summary WHERE time >= {begin}s AND time < {end}s")
        _, count, up = series["values"][0]
        waited = time.time() - asked
        if count >= expected or waited > 60:
            break
        time.sleep(0.5)
    [series] = influx.query(f"SELECT count(up) FROM uwsgi_summary WHERE time >= {begin}s AND time < {end}s GROUP BY time(100ms)")
    late = sum(count for began, count in series["values"] if began % 1000 >= 100)
    [series] = influx.query(f"SELECT count(requests) FROM uwsgi_workers WHERE time >= {begin}s AND time < {end}s")
    workers = series["values"][0][1]
    return (f"of {expected:,} scrapes {expected - count:,} are missing, {count - up:,} failed, {late:,} began late; "
            f"{4 * count - workers:,} points of workers are missing {waited:.1f} s after the end, when {on_disk(buffer)[0] / 1e6:.1f} MB waited on disk")


def away(scratch, arguments, kind):
    servers, influx, collector = start(scratch, arguments, kind)
    buffer = os.path.join(scratch, "buffer")
    try:
        time.sleep(5)
        begin = time.time()
        before = collector.most_resident_mb()
        influx.stop()
        time.sleep(arguments.away * 60)
        kept, memory, used = on_disk(buffer), collector.most_resident_mb(), collector.processor_s()
        influx.start()
        back = time.time()
        # A server that is hardly faster than the points come never catches up.
        while on_disk(buffer)[1] and time.time() < back + 60 + 3 * 60 * arguments.away:
            time.sleep(0.05)
        left = on_disk(buffer)[0]
        took, used = time.time() - back, collector.processor_s() - used
        time.sleep(5)
        end = time.time()
        print(f"{kind} away for {arguments.away:g} min with {arguments.servers} servers: {before:.1f} MB resident at its highest before, {memory:.1f} MB while it "
              f"was away, {collector.most_resident_mb():.1f} MB in all; {kept[0] / 1e6:.1f} MB on disk in {kept[1]} files; {f'{left / 1e6:.1f} MB left' if left else 'written'} {took:.1f} s after it "
              f"was back, with {used:.1f} s of processor time; {account(influx, buffer, arguments.servers, begin, end)}", flush=True)
    finally:
        collector.stop()
        influx.stop()
        servers.stop()


def on_disk(buffer):
    files = [os.path.join(place, name) for place, _, names in os.walk(buffer) for name in names if name.endswith(".batches")]
    sizes = []
    for file in files:
        try:
            sizes.append(os.stat(file).st_size)
        except FileNotFoundError:
            pass
    return sum(sizes), len(sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="*", choices=["scrape", "many", "away", []], default=["scrape", "many", "away"])
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--away", type=float, default=10, help="minutes")
    parser.add_argument("--against", default="influxd,store")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for what in arguments.what:
        for kind in [None] if what == "scrape" else arguments.against.split(","):
            with tempfile.TemporaryDirectory(dir="/tmp") as scratch:
                if what == "scrape":
                    scrapes(scratch, 20)
                else:
                    {"many": many, "away": away}[what](scratch, arguments, kind)


if __name__ == "__main__":
    main()
