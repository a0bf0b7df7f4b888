"""The app under test: waits a quarter of a second, as an app with a database would, and says hello."""

import time


def application(environ, start_response):
    time.sleep(0.25)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello World"]
