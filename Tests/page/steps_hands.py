"""What a person does with the keyboard alone, while the service is slow, and after the page was closed in the middle."""

import json
import time

import mock_service
from examples import example_rows

FOCUS_IS_SEEN = """() => [document.activeElement, ...(document.activeElement.labels ?? [])]
  .some(one => getComputedStyle(one).outlineStyle !== 'none')"""


def hands_on_keyboard(trial):
    """From a file to an answer with Tab, Enter, arrows and Escape."""
    if not trial.is_mock:
        return
    context = trial.context()
    page = trial.page(context)
    page.wait_for_selector("#connection.up")
    page.wait_for_selector("#files :is(.rows, .muted)")

    def reach(selector):
        """Tabs until `selector` has the focus."""
        for _ in range(150):
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                break
            page.keyboard.press("Tab")
        trial.check(f"keyboard: {selector} is reached, and its focus is seen",
                    page.evaluate("one => document.activeElement.matches(one)", selector) and page.evaluate(FOCUS_IS_SEEN))

    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    reach("#drop-file")
    page.keyboard.press("Enter")
    for _ in range(100):
        if not choosers:
            page.wait_for_timeout(50)
    path = trial.folder / "keyboard.jsonl"
    path.write_text(example_rows())
    choosers[0].set_files(path)
    page.wait_for_selector("#save-data")
    reach(".finding summary")
    page.keyboard.press("Enter")
    trial.check("keyboard: lines open", page.locator(".finding details[open]").count() == 1)
    reach("#save-data")
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved")
    reach("#saved a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tune-choices .value")
    reach("#set-training-epochs")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(".value.mine #set-training-epochs")
    reach("#tune-start")
    page.keyboard.press("Enter")
    page.wait_for_selector("#job .badge.running", timeout=trial.seconds * 1000)
    reach("#job .actions button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#job .badge.paused")
    page.wait_for_timeout(200)
    trial.check("keyboard: Pause leaves the focus on Resume", page.evaluate("document.activeElement.textContent") == "Resume",
                page.evaluate("document.activeElement.tagName"))
    reach("#job .actions .primary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#job .badge.running")
    reach("#job .danger")
    page.keyboard.press("Enter")
    trial.check("keyboard: the question has the focus, on Back", page.evaluate("document.activeElement.id") == "confirm-no")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#job .badge.cancelled")
    reach("nav.sections a[href='#/chat']")
    page.keyboard.press("Enter")
    reach("#chat-text")
    page.keyboard.type("How is the weather in Oslo?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer-foot")
    reach(".question button")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    trial.check("keyboard: Escape leaves the edit and gives the focus back", page.evaluate("document.activeElement.closest('.question') !== null"))
    context.close()
    trial.quiet("hands on keyboard")


def interrupted(trial):
    """What the browser has kept: of a page that was closed while models answered, and entries that no page would write."""
    if not trial.is_mock:
        return
    model = trial.options.base
    half = {"model": model, "text": "It is", "finish": None}
    chats = [None, 1, {}, {"title": "a", "model": "b", "turns": [{}]},
             {"id": "1", "title": "Half an answer", "model": model, "system": "", "temperature": 0, "maximumTokens": 9, "seed": 1,
              "turns": [{"question": "How is it?", "answers": [half]}]}]
    tests = [None, {"results": 1}, {"id": "1", "created": 1, "judge": "contains", "results": {model: [{"text": "It", "mark": None, "finish": None}]},
                                    "questions": [{"from": "own", "asked": "How is it?", "expected": ""}]}]
    context = trial.context()
    context.add_init_script("".join(f"localStorage.setItem('luthier.{name}', {json.dumps(json.dumps(value))});" for name, value in (
        ("chats", chats), ("tests", tests), ("test.own", [7, {"asked": {}}]))))
    page = trial.page(context, "#/chat")
    page.locator("#chat-list .link").first.wait_for()
    trial.check("interrupted: only complete chats are listed", page.locator("#chat-list li").count() == 1, page.locator("#chat-list li").count())
    page.locator("#chat-list .link").first.click()
    trial.check("interrupted: a half answer is shown as stopped", "stopped by you" in page.locator(".answer").inner_text()
                and page.locator("#chat-log [aria-busy]").count() == 0, page.locator(".answer").inner_text())
    page.goto(f"{trial.address}/#/test")
    page.locator(".block .rows .link").first.click()
    trial.check("interrupted: a half test can be marked", page.locator(".mark-button:enabled").count() == 2)
    context.close()
    trial.quiet("interrupted")


def slow(trial):
    """A value that is typed while the service still looks at the one before stays; a model that arrives is found."""
    if not trial.is_mock:
        return
    server = mock_service.start(mock_service.parser().parse_args(["--port", "0", "--empty"]))
    server.service.add_file("weather.jsonl", example_rows().encode(), "fine-tune")
    base = f"http://127.0.0.1:{server.server_address[1]}"
    context = trial.context()
    page = trial.page(context, "#/tune", base=base)
    page.get_by_text("luthier fetch").first.wait_for()
    server.service.options.empty = False
    page.wait_for_selector("#tune-choices .value", timeout=10_000)
    trial.check("slow: a fetched model is found by itself", True)
    page.wait_for_selector("#tune-estimate .big:has-text('about')")
    quick = server.service.tune
    server.service.tune = lambda body: (time.sleep(1), quick(body))[1]
    page.locator("#set-training-epochs").fill("2")
    page.keyboard.press("Tab")
    page.keyboard.type("7")
    page.wait_for_selector(".value.mine #set-training-epochs")
    page.wait_for_timeout(200)
    typed = page.evaluate("document.activeElement.value")
    trial.check("slow: what is typed stays", typed == "7", typed)
    page.keyboard.press("Tab")
    page.wait_for_selector(".value.mine #set-training-earlyStoppingPatience", timeout=5_000)
    trial.check("slow: and is taken", True)
    context.close()
    server.shutdown()
    trial.quiet("slow")
