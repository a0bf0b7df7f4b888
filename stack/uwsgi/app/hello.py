"""The app under test: waits a quarter of a second, as an app with a database would, and says hello.

The query asks for something else, also for several things at once, done in this order:

    /?sleep=0.1     wait so many seconds in place of 0.25
    /?burn=0.1      use the processor for so many seconds
    /?leak=1        allocate so many megabytes and keep them
    /?allocate=10   allocate so many megabytes and let go of them
    /?raise=1       raise an exception
    /?hang=1        never answer
    /?status=503    answer with this status
"""

import time
from urllib.parse import parse_qs

leaked = []


def application(environ, start_response):
    asked = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    # Whoever asks for something asks for no wait, unless that too.
    time.sleep(float(asked.get("sleep", 0 if asked else 0.25)))
    if "burn" in asked:
        end = time.thread_time() + float(asked["burn"])
        while time.thread_time() < end:
            pass
    if "leak" in asked:
        # Filled with something, else the kernel would give no memory for it.
        leaked.append(b"x" * int(float(asked["leak"]) * 1_000_000))
    if "allocate" in asked:
        len(b"x" * int(float(asked["allocate"]) * 1_000_000))
    if "raise" in asked:
        raise RuntimeError("asked for with ?raise")
    while "hang" in asked:
        time.sleep(3600)
    status = asked["status"] + " As asked" if "status" in asked else "200 OK"
    start_response(status, [("Content-Type", "text/plain")])
    return [b"Hello World"]
