# Says what a Python is and has, in one line of JSON. Runs with Python 2 too, which then is refused by its version.
import json
import os
import platform
import sys


def has(name):
    try:
        __import__(name)
    except Exception:
        return False
    return True


def place(name):
    try:
        from importlib.util import find_spec
        return os.path.dirname(find_spec(name).origin)
    except Exception:
        return None


def free_threaded():
    try:
        import sysconfig
        return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    except Exception:
        return False


print(json.dumps({
    "version": list(sys.version_info[:3]),
    "kind": platform.python_implementation() + (" without GIL" if free_threaded() else ""),
    "program": sys.executable,
    "base": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "pip": has("pip"),
    "venv": has("venv") and has("ensurepip"),
    "pyuwsgi": place("pyuwsgi"),
}))
