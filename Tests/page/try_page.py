#!/usr/bin/env python3
"""Drives the page in a headless Chromium: everything a person does with it, accessibility, and screenshots.

    python3 -m venv .venv && .venv/bin/pip install playwright axe-playwright-python && apt-get install chromium
    .venv/bin/python Tests/page/try_page.py [--screenshots FOLDER] [--service URL [--key KEY] [--data FILE]] [--only NAME]

Without `--service` it starts the mock service of this folder. With it, the same steps run against a real service, except
those that need the mock's special answers; `--minutes` then bounds how long a job may take.
Prints one line for each check; exit status 1 if any failed.
"""

import argparse
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

import mock_service
import steps
import steps_edges
import steps_models

SECTIONS = ["data", "tune", "jobs", "chat", "test", "report"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Trial:
    """What the steps share: the browser, the address, what failed."""

    def __init__(self, options, browser, address):
        self.options, self.browser, self.address = options, browser, address
        self.is_mock = not options.service
        self.failures, self.checks, self.messages = [], 0, []
        self.seconds = 60 if self.is_mock else options.minutes * 60
        self.kept = None

    def check(self, name, condition, detail=""):
        self.checks += 1
        print(f"{'ok  ' if condition else 'FAIL'} {name}{'' if condition or not detail else ': ' + str(detail)[:1500]}", flush=True)
        if not condition:
            self.failures.append(name)

    def context(self, width=1280, scheme="light", state=None, **more):
        height = 900 if width > 600 else 740
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=state, **more)
        context.set_default_timeout(10_000)
        return context

    def page(self, context, address="#/data", listens=True, base=None):
        page = context.new_page()
        if listens:
            page.on("console", lambda message: self.hear(message.type, message.text, page))
            page.on("pageerror", lambda error: self.messages.append(f"{page.url}: {error}"))
        page.goto((base or self.address) + "/" + address)
        return page

    def hear(self, kind, text, page):
        if kind in ("error", "warning"):
            self.messages.append(f"{page.url}: {kind}: {text}")

    def quiet(self, name):
        """No error and no warning in the console since the last call."""
        self.check(f"{name}: nothing in the console", not self.messages, self.messages)
        self.messages = []

    def axe(self, page, name):
        result = Axe().run(page, options=RULES).response
        found = [f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] + " " + node.get("failureSummary", "")[:300] for node in one["nodes"][:3])
                 for one in result["violations"]]
        self.check(f"{name}: axe finds nothing", not found, "\n".join(found))
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
        self.check(f"{name}: nothing is wider than the window", not wide)

    def picture(self, page, name, full=True):
        if self.options.screenshots:
            folder = Path(self.options.screenshots)
            folder.mkdir(parents=True, exist_ok=True)
            size = page.viewport_size
            if full:  # a window as high as the page, so that what sticks to its edges is at them
                page.set_viewport_size({**size, "height": max(size["height"], page.evaluate("document.documentElement.scrollHeight"))})
            page.wait_for_timeout(150)
            page.screenshot(path=str(folder / f"{name}.png"))
            page.set_viewport_size(size)


def looks(trial):
    """Every section at both widths, light and dark, with what the steps before have left."""
    for width in (1280, 360):
        for scheme in ("light", "dark"):
            context = trial.context(width, scheme, trial.kept)
            page = trial.page(context)
            for section in SECTIONS:
                page.goto(f"{trial.address}/#/{section}")
                page.wait_for_function("name => !document.getElementById(name).hidden", arg=section)
                page.wait_for_timeout(900 if section in ("tune", "report", "jobs") else 400)
                name = f"{section}-{width}-{scheme}"
                trial.axe(page, name)
                trial.picture(page, name)
            context.close()
    trial.quiet("looks")


ALL = [steps.sources, steps.data, steps.wide_table, steps.tune, steps.jobs, steps_models.chat, steps_models.questions,
       steps_models.report, steps_edges.keyboard, steps_edges.key, steps_edges.states, steps_edges.widget, looks, steps_edges.hostile]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", help="address of a running service")
    parser.add_argument("--key", help="its key")
    parser.add_argument("--base", default="smollm2-135m", help="base to tune")
    parser.add_argument("--data", help="file to drop, instead of one that is made up")
    parser.add_argument("--minutes", type=float, default=20, help="how long a job of a real service may take")
    parser.add_argument("--screenshots", metavar="FOLDER")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--only", metavar="NAMES", help="run only these steps, separated by commas, and the first that saves data")
    options = parser.parse_args()
    server = None
    if not options.service:
        server = mock_service.start(mock_service.parser().parse_args(["--port", "0", "--steps-per-second", "3"]))
    address = options.service or f"http://127.0.0.1:{server.server_address[1]}"
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        trial = Trial(options, browser, address.rstrip("/"))
        trial.folder, trial.server = Path(folder), server
        for step in ALL:
            if options.only and step.__name__ not in options.only.split(",") and step is not steps.data:
                continue
            begun = time.monotonic()
            try:
                step(trial)
            except Exception as error:  # a step that cannot continue is a failure; the others still run
                traceback.print_exc()
                trial.check(f"{step.__name__} runs to its end", False, error)
            print(f"     {step.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
        browser.close()
    print(json.dumps({"checks": trial.checks, "failed": trial.failures}))
    return 1 if trial.failures else 0


if __name__ == "__main__":
    sys.exit(main())
