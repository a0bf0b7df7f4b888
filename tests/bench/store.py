#!/usr/bin/env python3
"""Times the embedded store beside InfluxDB with the same points and the same queries, in one run.

Usage: tests/bench/store.py [DAYS]   (default 7; needs Linux and Debian's package influxdb, for `influxd`)

    cargo build --release
    tests/bench/store.py

What is compared:
  written   points per second of request time and of processor time, in batches of 5,000 lines, as a collector beside 4 workers of 2
            threads and a load generator would write them each second: 19 points a second
  query     each query of dashboards/uwsgi.json over the last hour, the last day and everything, asked in turn; the answers are
            compared too
  memory    resident, after the writing and after the queries
  disk      what the data directories hold
"""
import gzip
import http.client
import json
import math
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
LAB = os.path.join(TARGET, "release", "uwsgi-lab")
BATCH = 5000
START = 1_700_000_000
# Range in seconds, interval as Grafana rounds it for some 700 pixels, runs.
RANGES = [("1 h", 3600, "5s", 50), ("24 h", 86400, "2m", 15), ("all", None, "15m", 5)]
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


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process that speaks InfluxDB's HTTP API, and one connection to it."""

    def __init__(self, name, arguments, data, port):
        self.name, self.data = name, data
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        for _ in range(300):
            try:
                if self.ask("GET", "/ping")[0] == 204:
                    break
            except OSError:
                self.http.close()
            time.sleep(0.1)
        else:
            sys.exit(f"{name} does not answer")
        self.ask("POST", "/query?" + urllib.parse.urlencode({"q": 'CREATE DATABASE "bench"'}))

    def ask(self, method, path, body=None):
        self.http.request(method, path, body)
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def write(self, body):
        status, said = self.ask("POST", "/write?db=bench&precision=ms", body)
        if status != 204:
            sys.exit(f"{self.name}: {status} {said[:300]}")

    def query(self, text):
        path = "/query?" + urllib.parse.urlencode({"db": "bench", "epoch": "ms", "q": text})
        start = time.perf_counter()
        status, said = self.ask("GET", path)
        took = time.perf_counter() - start
        if status != 200:
            sys.exit(f"{self.name}: {status} {said[:300]}\n{text}")
        return took, said

    def processor_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self):
        """Waits until what it does in the background is done, so that it does not slow the other."""
        for _ in range(60):
            before = self.processor_s()
            time.sleep(1)
            if self.processor_s() - before < 0.05:
                return

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1]) / 1024

    def disk_mb(self):
        files = (os.path.join(place, name) for place, _, names in os.walk(self.data) for name in names)
        return sum(os.stat(file).st_blocks * 512 for file in files) / 1e6

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def lines(days):
    """Line protocol of each second: counters that grow and restart once a day, gauges, a load that varies."""
    chance = random.Random(1)
    requests, running, sent = [0] * 4, [0] * 4, [0] * 4
    for second in range(int(days * 86400)):
        time_ms = (START + second) * 1000 + chance.randrange(3)
        if second % 86400 == 50000:
            requests, running, sent = [0] * 4, [0] * 4, [0] * 4
        busy = chance.randrange(5)
        rate = 12 + 4 * math.sin(second / 3600)
        source = "source=127.0.0.1:9191"
        yield (f"uwsgi_summary,{source} workers=4i,running=4i,busy={busy}i,idle={4 - busy}i,cheap=0i,pause=0i,sig=0i,cores=8i,"
               f"in_request={busy * 2}i,oldest_request_s={chance.randrange(2)}i,queue={chance.randrange(9)}i,max_queue=100i,up=1i,"
               f"scrape_us={300 + chance.randrange(200)}i {time_ms}")
        yield (f"uwsgi_overview,gid=0,{source},uid=0,version=2.0.30 listen_queue={chance.randrange(9)}i,listen_queue_errors=0i,"
               f"signal_queue=0i,load={chance.randrange(9)}i,pid=4242i {time_ms}")
        for worker in range(4):
            new = chance.randrange(8)
            requests[worker] += new
            running[worker] += new * (240000 + chance.randrange(20000))
            sent[worker] += new * 120
            status = "busy" if worker < busy else "idle"
            average = 250000 + chance.randrange(3000)
            yield (f'uwsgi_workers,{source},worker_id={worker + 1} requests={requests[worker]}i,accepting=1i,delta_request={new}i,'
                   f'exceptions=0i,harakiri_count={second // 20000}i,pid={4243 + worker}i,signals=0i,signal_queue=0i,status="{status}",'
                   f'rss={23000000 + worker * 4096}i,vsz=51000000i,running_time={running[worker]}i,last_spawn=1700000000i,'
                   f'respawn_count=1i,tx={sent[worker]}i,avg_rt={average}i {time_ms}')
            yield (f"uwsgi_apps,app_id=0,{source},worker_id={worker + 1} modifier1=0i,requests={requests[worker]}i,startup_time=0i,"
                   f"exceptions=0i {time_ms}")
            for core in range(2):
                half = requests[worker] // 2
                yield (f"uwsgi_cores,core_id={core},{source},worker_id={worker + 1} requests={half}i,static_requests=0i,"
                       f"routed_requests=0i,offloaded_requests=0i,write_errors=0i,read_errors=0i,in_request={chance.randrange(2)}i {time_ms}")
        answered = int(rate) + chance.randrange(3)
        median = 0.25 + chance.random() / 100
        yield (f"uwsgi_load,target=http://127.0.0.1:9090/ asked_rate={rate:.3f},achieved_rate={answered / 1.001:.6f},sent={answered}i,"
               f"answered={answered}i,errors=0i,connections={8 + chance.randrange(4)}i,in_flight=4i,backlog={chance.randrange(3)}i,"
               f"bytes={answered * 120}i,latency_mean={median:.6f},latency_p50={median:.6f},latency_p90={median * 1.2:.6f},"
               f"latency_p99={median * 1.5:.6f},latency_max={median * 1.7:.6f},service_p50={median * 0.99:.6f} {time_ms}")


def batches(source, count):
    """`count` batches, compressed, so that days of them fit into memory."""
    made = []
    for _ in range(count):
        batch = [line for _, line in zip(range(BATCH), source)]
        if not batch:
            break
        made.append((len(batch), gzip.compress("\n".join(batch).encode(), 1)))
    return made


def write(servers, days):
    """Some batches to one, then the same to the other. Returns the points, and for each server its seconds."""
    source, points = lines(days), 0
    spent = {server: [0.0, server.processor_s()] for server in servers}
    while made := batches(source, 200):
        points += sum(count for count, _ in made)
        for server in servers:
            for _, packed in made:
                body = gzip.decompress(packed)
                start = time.perf_counter()
                server.write(body)
                spent[server][0] += time.perf_counter() - start
            server.settle()
        print(f"  {points:,} points", end="\r", file=sys.stderr)
        servers = servers[::-1]
    for server, figures in spent.items():
        figures[1] = server.processor_s() - figures[1]
    return points, spent


def queries():
    with open(os.path.join(ROOT, "dashboards", "uwsgi.json")) as file:
        panels = json.load(file)["panels"]
    panels += [inner for panel in panels for inner in panel.get("panels", [])]
    return [(panel["title"], target["query"]) for panel in panels for target in panel.get("targets", [])]


def same(one, other):
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def compare(servers, days):
    end = (START + int(days * 86400)) * 1000
    ratios = []
    print(f"\n{'range':5} {'panel':32} {'store: median, p99':>22} {'InfluxDB: median, p99':>24} {'ratio':>6} {'p99':>6}")
    for name, seconds, interval, runs in RANGES:
        begin = max(START * 1000, end - seconds * 1000) if seconds else START * 1000
        for title, query in queries():
            text = query.replace("$timeFilter", f"time >= {begin}ms and time <= {end}ms")
            text = text.replace("$__interval", interval).replace("/^$source$/", "/^.*$/").replace("/^$worker$/", "/^.*$/")
            if not same(*(json.loads(server.query(text)[1]) for server in servers)):
                print(f"  the answers differ: {text}")
            took = {server: [] for server in servers}
            for run in range(runs):
                for server in servers if run % 2 else servers[::-1]:
                    took[server].append(server.query(text)[0] * 1000)
            (ours, our_tail), (theirs, their_tail) = (
                (statistics.median(took[server]), sorted(took[server])[math.ceil(0.99 * runs) - 1]) for server in servers)
            ratios.append((name, ours / theirs, our_tail / their_tail))
            print(f"{name:5} {title[:32]:32} {ours:10.2f} {our_tail:8.2f} ms {theirs:12.2f} {their_tail:8.2f} ms "
                  f"{ours / theirs:6.3f} {our_tail / their_tail:6.3f}", flush=True)
    for name, *_ in RANGES:
        of_range = [ratio for ratio in ratios if ratio[0] == name]
        medians, tails = [ratio[1] for ratio in of_range], [ratio[2] for ratio in of_range]
        print(f"{name:5} store / InfluxDB over {len(medians)} queries: median {statistics.median(medians):.3f} "
              f"(least {min(medians):.3f}, most {max(medians):.3f}), p99 {statistics.median(tails):.3f} (most {max(tails):.3f})")


def memory(servers, when):
    for server in servers:
        print(f"{when}: {server.name} {server.resident_mb():.1f} MB resident, {server.disk_mb():.1f} MB on disk")


def main():
    days = float(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as scratch:
        port, other, rpc = free_port(), free_port(), free_port()
        data = os.path.join(scratch, "influxdb")
        config = os.path.join(scratch, "influxdb.conf")
        with open(config, "w") as file:
            file.write(INFLUXD.format(data=data, port=other, rpc=rpc))
        own = os.path.join(scratch, "store")
        servers = [
            Server("store", [LAB, "store", "--listen", f"127.0.0.1:{port}", "--data", own], own, port),
            Server("InfluxDB", ["influxd", "-config", config], data, other),
        ]
        try:
            points, spent = write(servers, days)
            (ours, our_processor), (theirs, their_processor) = (spent[server] for server in servers)
            print(f"{points:,} points written: store {points / ours:,.0f}/s, InfluxDB {points / theirs:,.0f}/s, ratio {theirs / ours:.2f}; "
                  f"processor time {our_processor:.1f} s, {their_processor:.1f} s, ratio {our_processor / their_processor:.2f}")
            memory(servers, "after writing")
            compare(servers, days)
            memory(servers, "after the queries")
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
