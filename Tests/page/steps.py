"""What a person does with the page until a model is tuned: data, suggestions, jobs; `try_page.py` runs them in order."""

import re
from pathlib import Path

from examples import DROP, example_rows, signed_in

PAGE = Path(__file__).resolve().parent.parent.parent / "Sources" / "Page" / "Files"


def sources(trial):
    """The files themselves: no HTML from strings, no handler or style in HTML, nothing from elsewhere."""
    for path in sorted(PAGE.iterdir()):
        text = path.read_text()
        bad = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:", text)
        trial.check(f"{path.name}: no HTML or code from strings", not bad, bad)
        if path.suffix == ".html":
            inline = re.findall(r"\son\w+=|\sstyle=|<style|<script(?![^>]*src=)", text)
            trial.check(f"{path.name}: no inline handler, style or script", not inline, inline)
            elsewhere = re.findall(r"(?:src|href)=\"(?!/page/|#)[^\"]*\"", text)
            trial.check(f"{path.name}: nothing from elsewhere", not elsewhere, elsewhere)
        lines = text.count("\n")
        trial.check(f"{path.name}: at most 400 lines", lines <= 400, lines)


def data(trial):
    """A file is dropped, a fix is left, and the rows are saved."""
    context = trial.context()
    page = trial.page(context)
    signed_in(trial, page)
    page.wait_for_selector("#connection.up")
    trial.check("data: nothing is saved yet, and the page says so", trial.is_mock is False or page.get_by_text("None yet.").is_visible())
    trial.picture(page, "data-start-1280-light")
    own = trial.options.data
    page.evaluate(DROP, [Path(own).name if own else "weather.jsonl", Path(own).read_text() if own else example_rows()])
    page.wait_for_selector(".finding, #checked", timeout=trial.seconds * 1000)
    findings = page.locator(".finding")
    if not own:
        trial.check("data: findings are shown", findings.count() >= 3, findings.count())
        trial.check("data: the broken line is named", page.locator(".finding.error").first.inner_text().find("Invalid JSON") >= 0)
    if page.locator(".finding:has(.changes)").count():
        first = page.locator(".finding:has(.changes)").first
        first.locator("summary").click()
        trial.check("data: places have lines", first.locator("tbody tr").count() > 0)
        trial.check("data: before and after are shown", first.locator(".change").count() >= 2)
    page.wait_for_selector("#as-seen-tokens p", timeout=trial.seconds * 1000)
    if page.locator(".tokens").count():
        trial.check("data: trained tokens are marked", page.locator(".tokens mark").count() > 0)
        page.get_by_role("button", name="Row after").click()
        page.wait_for_function("() => document.querySelector('#as-seen-tokens p')?.textContent.startsWith('Row 2 ')", timeout=trial.seconds * 1000)
    else:  # a service that shows no row of a file with broken lines
        trial.check("data: the page says why no row is shown", "cannot be read as it is" in page.locator("#as-seen-tokens").inner_text())
    trial.axe(page, "data with findings")
    trial.picture(page, "data-findings-1280-light")
    if trial.is_mock:
        before = page.locator(".facts").first.inner_text()
        box = page.locator("#take-duplicate")
        box.focus()
        page.keyboard.press("Space")
        page.wait_for_function("before => document.querySelector('.facts').innerText !== before", arg=before)
        trial.check("data: a fix that is not taken keeps its row", not page.locator("#take-duplicate").is_checked())
        trial.check("data: the focus stays on the fix", page.evaluate("document.activeElement.id") == "take-duplicate")
        page.locator("#take-duplicate").check()
        page.wait_for_function("before => document.querySelector('.facts').innerText === before", arg=before)
    page.locator("#save-data").click()
    page.wait_for_selector("#saved", timeout=trial.seconds * 1000)
    trial.check("data: the saved file is listed", page.locator("#files .rows li").count() >= 1)
    trial.picture(page, "data-saved-1280-light")
    page.locator("#saved a").click()
    page.wait_for_selector("#tune-choices .value")
    trial.check("tune: the saved file is chosen", page.locator("#tune-training option:checked").inner_text().find(".jsonl") > 0)
    trial.kept = context.storage_state()
    context.close()
    if not trial.is_mock:
        # The service refuses to show a row of the file with the broken line, as it must; browsers report that.
        trial.messages = [message for message in trial.messages if "status of 400" not in message]
    trial.quiet("data")


def wide_table(trial):
    """A file that is not readable is refused in words."""
    if not trial.is_mock:
        return
    context = trial.context(360)
    page = trial.page(context, listens=False)
    page.evaluate(DROP, ["picture.png", "\0\0\0binary"])
    page.wait_for_selector("#check .problem")
    trial.check("data: a binary file is refused in words", "is not text" in page.locator("#check").inner_text())
    trial.axe(page, "data refused at 360")
    page.evaluate(DROP, ["weather.jsonl", example_rows()])
    page.wait_for_selector(".tokens mark")
    page.locator(".finding summary").first.click()
    trial.axe(page, "data with findings at 360")
    trial.picture(page, "data-findings-360-light")
    context.close()


def tune(trial):
    """Values are suggested with reasons, one is changed, a wrong one is refused, and a job starts."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/tune")
    signed_in(trial, page)
    page.wait_for_selector("#tune-choices .value", timeout=trial.seconds * 1000)
    page.locator("#tune-base").select_option(trial.options.base)
    page.wait_for_selector("#tune-choices .value", timeout=trial.seconds * 1000)
    reasons = page.locator("#tune-choices .reason").all_inner_texts()
    trial.check("tune: each value has a reason", len(reasons) >= 5 and all(reason.strip() for reason in reasons), reasons)
    page.wait_for_selector("#tune-estimate .big:has-text('about')", timeout=trial.seconds * 1000)
    trial.picture(page, "tune-suggested-1280-light")
    epochs = page.locator("#set-training-epochs")
    epochs.fill("0")
    epochs.press("Tab")
    page.wait_for_selector("#tune-problem:not([hidden])")
    trial.check("tune: a wrong value is refused at its field", epochs.get_attribute("aria-invalid") == "true")
    trial.picture(page, "tune-refused-1280-light")
    page.get_by_role("button", name="Use the suggestion").click()
    page.wait_for_selector("#tune-problem", state="hidden")
    epochs.fill("2")
    epochs.press("Tab")
    page.wait_for_selector(".value.mine #set-training-epochs")
    page.locator("#tune-suffix").fill("Weather bot")
    trial.check("tune: the name is shown", "weather-bot" in page.locator("#tune-name").inner_text())
    page.locator("#tune-samples").fill("How is the weather in Oslo?\nIs it warm in Lima?")
    trial.messages = [message for message in trial.messages if "400" not in message]
    page.locator("#tune-start").click()
    page.wait_for_selector("#job .badge", timeout=trial.seconds * 1000)
    trial.check("jobs: the started job is shown", "#/jobs/ftjob-" in page.url, page.url)
    context.close()
    trial.quiet("tune")


def jobs(trial):
    """The job is watched, paused, resumed, and watched to its end; another one is cancelled."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/jobs")
    signed_in(trial, page)
    page.wait_for_selector("#job .badge.running", timeout=trial.seconds * 1000)
    page.wait_for_function("() => document.querySelectorAll('.chart .line.train').length > 0", timeout=trial.seconds * 1000)
    page.wait_for_timeout(1500)
    trial.check("jobs: loss is drawn while it trains", page.locator(".chart path.line.train").count() >= 1)
    trial.axe(page, "a running job")
    trial.picture(page, "jobs-running-1280-light")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_selector("#job .badge.paused", timeout=trial.seconds * 1000)
    at = page.locator("#job progress + p").inner_text()
    page.wait_for_timeout(1500)
    trial.check("jobs: a paused job stays where it is", page.locator("#job progress + p").inner_text() == at)
    trial.picture(page, "jobs-paused-1280-light")
    page.get_by_role("button", name="Resume").click()
    page.wait_for_selector("#job .badge.running, #job .badge.succeeded", timeout=trial.seconds * 1000)
    # A second one waits in line, and is cancelled.
    other = trial.page(context, "#/tune")
    signed_in(trial, other)
    other.wait_for_selector("#tune-choices .value", timeout=trial.seconds * 1000)
    other.locator("#tune-suffix").fill("second")
    other.locator("#tune-start").click()
    other.wait_for_selector("#job .badge", timeout=trial.seconds * 1000)
    other.get_by_role("button", name="Cancel", exact=True).click()
    trial.axe(other, "the question before cancelling")
    other.get_by_role("button", name="Back").click()
    other.get_by_role("button", name="Cancel", exact=True).click()
    other.locator("#confirm-yes").click()
    other.wait_for_selector("#job .badge.cancelled", timeout=trial.seconds * 1000)
    trial.check("jobs: a job is cancelled", True)
    other.close()
    page.wait_for_selector("#job .badge.succeeded", timeout=trial.seconds * 1000)
    page.wait_for_selector("#job .scroll a", timeout=trial.seconds * 1000)
    texts = page.locator(".events li").all_inner_texts()
    trial.check("jobs: the last event is there", any("successfully completed" in text for text in texts), texts[-3:])
    trial.check("jobs: samples along the way", page.locator(".sample li").count() >= 2, page.locator(".sample li").count())
    page.locator(".chart summary").first.click()
    page.wait_for_selector(".chart tbody tr")
    trial.check("jobs: the curves are also a table", page.locator(".chart tbody tr").count() > 3)
    trial.axe(page, "a finished job")
    trial.picture(page, "jobs-done-1280-light")
    page.locator(".chart .plot").first.hover(position={"x": 300, "y": 100})
    trial.check("jobs: the pointer shows values", page.locator(".tip").first.is_visible())
    page.get_by_role("link", name="Chat with it").click()
    page.wait_for_selector("#chat:not([hidden])")
    trial.check("chat: the tuned model is chosen, next to its base",
                page.locator("#chat-model").input_value().startswith("ft:") and page.locator("#chat-beside").input_value() == trial.options.base,
                page.locator("#chat-beside").input_value())
    context.close()
    trial.quiet("jobs")
