"""Checks of a client: a line each, which service_clients.py counts."""

import json
import time
import urllib.request


def check(name, is_right, seen=""):
    """Says "passed: NAME", or "FAILED: NAME: SEEN" on one line."""
    text = " ".join(str(seen).split())
    print(f"passed: {name}" if is_right else f"FAILED: {name}: {text[:2000]}", flush=True)
    return is_right


def skip(name, reason):
    print(f"skipped: {name}: {reason}", flush=True)


def raises(name, kind, call, **members):
    """Whether a call ends in an error of exactly this class, with these members."""
    try:
        seen = call()
    except Exception as error:
        # A class of a package's own compatibility layer has the same name.
        is_right = type(error) is kind and all(getattr(error, key, None) == value for key, value in members.items())
        check(name, is_right, f"{type(error).__module__}.{type(error).__name__} {vars(error)} {error}")
    else:
        check(name, False, f"no error, but {seen}")


def is_idle(url):
    """Whether the service stops to draw tokens in a while: nobody is there to read them."""
    for _ in range(200):
        with urllib.request.urlopen(url + "/health", timeout=10) as answer:
            if json.load(answer)["requests"]["running"] == 0:
                return True
        time.sleep(0.05)
    return False
