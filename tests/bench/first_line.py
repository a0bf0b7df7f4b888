#!/usr/bin/env python3
"""Times a lab of the local engine from the start of `uwsgi-lab up` to the first line drawn on its page, in headless Chromium.

Usage: tests/bench/first_line.py [RUNS]   (default 5; needs chromium and chromedriver, Debian's chromium-driver)

    cargo build --release
    tests/bench/first_line.py

The first run starts from an empty state directory, so that it makes Python's environment too; the others find it there.
  up      until `uwsgi-lab up --detach` says that the lab is up
  page    until the page, opened at that moment by a browser that runs already and is logged in, has drawn a panel's frame
  line    until a line or a value stands in a panel: coloured pixels, where axes and grid are grey
"""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
LAB = os.path.join(TARGET, "release", "uwsgi-lab")
PANELS = "return document.querySelectorAll('.panel').length"
DRAWN = """
for (const canvas of document.querySelectorAll('.panel canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let at = 0; at < data.length; at += 4) {
        const [red, green, blue, alpha] = data.slice(at, at + 4);
        if (alpha > 60 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) coloured += 1;
        if (coloured > 50) return 1;
    }
}
return 0"""
LOG_IN = """
const form = document.getElementById('login');
form.elements.user.value = 'lab';
form.elements.password.value = arguments[0];
form.requestSubmit();"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Browser:
    """Headless Chromium behind chromedriver."""

    def __init__(self, scratch):
        port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1440,900",
                 f"--user-data-dir={scratch}/profile"]
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": flags}}}}
        for _ in range(100):
            try:
                answer = self.ask("POST", "/session", wanted)
                break
            except OSError:
                time.sleep(0.1)
        self.base += f"/session/{answer['sessionId']}"

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script):
        for _ in range(1500):
            if self.run(script):
                return
            time.sleep(0.02)
        sys.exit(f"not within 30 s: {script}\n{self.run('return location.href + document.body.innerText')}")

    def save(self, path):
        import base64
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("GET", "/screenshot")))

    def stop(self):
        self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def lab(env, *arguments):
    done = subprocess.run([LAB, *arguments], env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"uwsgi-lab {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def once(browser, env, port, picture):
    start = time.monotonic()
    lab(env, "up", "--detach", "--engine", "local")
    up = time.monotonic() - start
    url = f"http://127.0.0.1:{port}/d/uwsgi-lab?from=now-5m&to=now&refresh=1s"
    browser.open(url)
    if browser.run("return location.pathname") == "/login":
        # Opening the login page is no part of what is timed in later runs: the session lasts.
        status = json.loads(lab(env, "status", "--show-passwords", "--output", "json"))
        browser.run(LOG_IN, status["login"]["grafana_password"])
        browser.until("return location.pathname !== '/login'")
    browser.until(PANELS)
    page = time.monotonic() - start
    browser.until(DRAWN)
    line = time.monotonic() - start
    if picture:
        time.sleep(10)
        browser.save(picture)
    lab(env, "down")
    return up, page, line


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    picture = os.environ.get("PICTURE")
    scratch = tempfile.mkdtemp()
    ports = {name: free_port() for name in ("APP", "STATS", "INFLUXDB", "GRAFANA")}
    env = dict(os.environ, UWSGI_LAB_STATE_DIR=os.path.join(scratch, "state"))
    env.update({f"UWSGI_LAB_{name}_PORT": str(port) for name, port in ports.items()})
    browser = Browser(scratch)
    try:
        print(f"{'run':12} {'up':>8} {'page':>8} {'line':>8}")
        kept = []
        for run in range(runs + 1):
            times = once(browser, env, ports["GRAFANA"], picture if run == runs else None)
            print(f"{'from nothing' if run == 0 else run:12} " + " ".join(f"{seconds:6.2f} s" for seconds in times), flush=True)
            if run:
                kept.append(times)
        print(f"{'median':12} " + " ".join(f"{statistics.median(times):6.2f} s" for times in zip(*kept)))
    finally:
        browser.stop()
        subprocess.run([LAB, "down", "--volumes"], env=env, capture_output=True)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
