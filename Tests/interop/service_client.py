#!/usr/bin/env python3
"""A session with the package `openai` from version 1 on: files, a job, its events, answers, streams, and errors.

    service_client.py URL LOCKED_URL FOLDER     a service; one with the key in FOLDER/key; FOLDER has the rows
"""

import asyncio
import base64
import json
import pathlib
import subprocess
import sys
import time

import openai
import pydantic

from service_checks import check, is_idle, raises, skip

URL, LOCKED, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
BASE = "smollm2-135m"
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
SHORT = {"model": BASE, "messages": QUESTION, "max_tokens": 12, "temperature": 0}
client = openai.OpenAI(base_url=URL + "/v1", api_key="any", max_retries=0)


def answers():
    check("models.list", BASE in [model.id for model in client.models.list()])
    check("models.retrieve", client.models.retrieve(BASE).owned_by == "luthier")
    answer = client.chat.completions.create(**SHORT)
    text = answer.choices[0].message.content
    check("chat", "Paris" in text and answer.choices[0].finish_reason == "stop" and answer.usage.completion_tokens > 0, text)
    chunks = list(client.chat.completions.create(**SHORT, stream=True, stream_options={"include_usage": True}))
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    check("the stream is the answer", streamed == text, streamed)
    check("the stream's usage", chunks[-1].usage == answer.usage, chunks[-1].usage)
    helper = client.chat.completions if hasattr(client.chat.completions, "stream") else client.beta.chat.completions
    with helper.stream(**SHORT) as stream:
        kinds = [event.type for event in stream]
        check("chat.completions.stream", stream.get_final_completion().choices[0].message.content == text
              and kinds.count("content.delta") > 1 and kinds.count("content.done") == 1, kinds)
    several = client.chat.completions.create(**SHORT | {"temperature": 1}, n=3, seed=1, logprobs=True, top_logprobs=2)
    check("three answers", [choice.index for choice in several.choices] == [0, 1, 2])
    check("probabilities", len(several.choices[0].logprobs.content[0].top_logprobs) == 2)
    sun = {"model": BASE, "prompt": "The sun rises in the", "max_tokens": 3, "temperature": 0}
    echo = client.completions.create(**sun, echo=True).choices[0].text
    check("completions", echo.startswith(sun["prompt"]), echo)
    pieces = [chunk.choices[0].text for chunk in client.completions.create(**sun, stream=True)]
    check("completions as a stream", sun["prompt"] + "".join(pieces) == echo, pieces)
    vectors = client.embeddings.create(model=BASE, input=["one text", "another"])
    check("embeddings", [len(item.embedding) for item in vectors.data] == [576, 576])

    async def later():
        async with openai.AsyncOpenAI(base_url=URL + "/v1", api_key="any") as other:
            stream = await other.chat.completions.create(**SHORT, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    check("the asynchronous client", asyncio.run(later()) == text)


def refusals():
    class City(pydantic.BaseModel):
        name: str

    helper = client.chat.completions if hasattr(client.chat.completions, "parse") else client.beta.chat.completions
    check("parse without a format", "Paris" in helper.parse(**SHORT).choices[0].message.content)
    raises("parse with a format", openai.BadRequestError, lambda: helper.parse(**SHORT, response_format=City),
           status_code=400, param="response_format", code="unsupported_parameter")
    raises("stream with a format", openai.BadRequestError, lambda: helper.stream(**SHORT, response_format=City).__enter__(),
           status_code=400, param="response_format")
    raises("an answer as JSON", openai.BadRequestError, lambda: client.chat.completions.create(
        **SHORT, response_format={"type": "json_object"}), param="response_format")
    raises("an unknown model", openai.NotFoundError, lambda: client.models.retrieve("nothing"), code="model_not_found")
    raises("an unknown model in a chat", openai.NotFoundError, lambda: client.chat.completions.create(
        **SHORT | {"model": "nothing"}), status_code=404, code="model_not_found", param="model")
    raises("a number out of bounds", openai.BadRequestError, lambda: client.chat.completions.create(
        **SHORT | {"temperature": 9}), status_code=400, param="temperature")
    raises("a prompt that is too long", openai.BadRequestError, lambda: client.chat.completions.create(
        **SHORT | {"messages": [{"role": "user", "content": "word " * 9000}]}), code="context_length_exceeded")
    raises("an unknown file", openai.NotFoundError, lambda: client.files.retrieve("file-nothing"), status_code=404)
    raises("an unknown job", openai.NotFoundError, lambda: client.fine_tuning.jobs.retrieve("ftjob-nothing"))
    raises("epochs out of bounds", openai.BadRequestError, lambda: client.fine_tuning.jobs.create(
        model=BASE, training_file="file-nothing", hyperparameters={"n_epochs": 1000}), status_code=400)
    raises("a job without its file", openai.BadRequestError, lambda: client.fine_tuning.jobs.create(
        model=BASE, training_file="file-nothing"), param="training_file")
    raises("what is not rows", openai.BadRequestError, lambda: client.files.create(
        file=("a.txt", b"no rows"), purpose="fine-tune"), status_code=400)
    if hasattr(client, "responses"):
        raises("an interface that is not here", openai.NotFoundError, lambda: client.responses.create(model=BASE, input="?"))
    raises("a wrong key", openai.AuthenticationError, lambda: openai.OpenAI(
        base_url=LOCKED + "/v1", api_key="wrong").models.list(), status_code=401, code="invalid_api_key")
    key = (FOLDER / "key").read_text().strip()
    check("the right key", BASE in [model.id for model in openai.OpenAI(base_url=LOCKED + "/v1", api_key=key).models.list()])


def abandoned():
    """A reader that leaves midway ends the drawing of tokens."""
    stream = client.completions.create(model=BASE, prompt="One day", max_tokens=4000, stream=True,
                                       logit_bias={"0": -100, "2": -100})
    pieces = [chunk.choices[0].text for chunk, _ in zip(stream, range(5))]
    stream.close()
    check("a stream that is left midway ends", len(pieces) == 5 and is_idle(URL), pieces)


def follow(job):
    """Asks for the newest events until the job is over, as scripts do."""
    seen = {}
    while True:
        is_over = client.fine_tuning.jobs.retrieve(job).status in ("succeeded", "failed", "cancelled")
        seen.update((event.id, event.message) for event in client.fine_tuning.jobs.list_events(job, limit=100).data[::-1])
        if is_over:
            return list(seen.values())
        time.sleep(0.3)


def jobs():
    with open(FOLDER / "chat.jsonl", "rb") as file:
        training = client.files.create(file=file, purpose="fine-tune")
    content = (FOLDER / "chat.jsonl").read_bytes()
    check("files.create", training.filename == "chat.jsonl" and training.bytes == len(content), training)
    check("files.wait_for_processing", client.files.wait_for_processing(training.id).status == "processed")
    check("files.content", client.files.content(training.id).read() == content)
    check("files.list", training.id in [file.id for file in client.files.list(limit=1)])
    job = client.fine_tuning.jobs.create(model=BASE, training_file=training.id, validation_file=training.id, suffix="My days",
                                         seed=7, hyperparameters={"n_epochs": 2, "batch_size": 8,
                                                                  "learning_rate_multiplier": "auto"},
                                         **({"metadata": {"purpose": "a test"}} if hasattr(client, "responses") else {}))
    check("jobs.create", job.status == "validating_files" and job.hyperparameters.n_epochs == 2, job)
    messages = follow(job.id)
    job = client.fine_tuning.jobs.retrieve(job.id)
    check("the job succeeds", job.status == "succeeded" and job.trained_tokens > 0 and job.finished_at >= job.created_at
          and job.fine_tuned_model.startswith(f"ft:{BASE}:personal:my-days:"), job)
    check("the events, followed", messages[0] == f"Created fine-tuning job: {job.id}"
          and messages[-1] == "The job has successfully completed"
          and [text.split(":")[0] for text in messages if text.startswith("Step ")] == [f"Step {n}/10" for n in range(1, 11)],
          messages)
    pages = [event.id for event in client.fine_tuning.jobs.list_events(job.id, limit=3)]
    check("list_events reads all pages", len(set(pages)) == len(messages)
          and pages == [event.id for event in client.fine_tuning.jobs.list_events(job.id)], pages)
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id, limit=1))
    check("checkpoints.list", [point.step_number for point in checkpoints] == [10, 5]
          and all(point.metrics.full_valid_loss > 0 for point in checkpoints), checkpoints)
    table = base64.b64decode(client.files.content(job.result_files[0]).read()).decode().splitlines()
    check("the result file", table[0] == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
          and len(table) == 11, table)
    tuned = {"max_tokens": 16, "temperature": 0}
    ask = [{"role": "user", "content": "When does the pool open on day 3?"}]
    answer = client.chat.completions.create(model=job.fine_tuned_model, messages=ask, **tuned)
    text = answer.choices[0].message.content
    check("the tuned model in a chat", answer.model == job.fine_tuned_model and "pool" in text, text)
    stream = client.chat.completions.create(model=job.fine_tuned_model, messages=ask, stream=True, **tuned)
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    check("the tuned model as a stream", streamed == text, streamed)
    check("the tuned model in completions", client.completions.create(
        model=job.fine_tuned_model, prompt="On day 3 the pool", **tuned).choices[0].text != "")
    earlier = client.chat.completions.create(model=checkpoints[1].fine_tuned_model_checkpoint, messages=ask, **tuned)
    check("the model of the first epoch", earlier.model == checkpoints[1].fine_tuned_model_checkpoint)
    raises("cancelling what is over", openai.BadRequestError, lambda: client.fine_tuning.jobs.cancel(job.id), status_code=400)
    second = client.fine_tuning.jobs.create(model=BASE, training_file=training.id, hyperparameters={"n_epochs": 20})
    if hasattr(client.fine_tuning.jobs, "pause"):
        pauses(second.id)
    check("jobs.cancel", client.fine_tuning.jobs.cancel(second.id).status == "cancelled")
    # Its process may be saving still.
    for _ in range(300):
        messages = follow(second.id)
        if messages[-1] == "The job has been cancelled":
            break
        time.sleep(0.2)
    check("the event of a cancelled job", messages[-1] == "The job has been cancelled", messages)
    check("jobs.list", [each.id for each, _ in zip(client.fine_tuning.jobs.list(limit=1), range(2))] == [second.id, job.id])
    with open(FOLDER / "wrong.jsonl", "rb") as file:
        wrong = client.fine_tuning.jobs.create(model=BASE, training_file=client.files.create(file=file, purpose="fine-tune").id)
    messages = follow(wrong.id)
    wrong = client.fine_tuning.jobs.retrieve(wrong.id)
    check("a job whose rows are wrong", wrong.status == "failed" and wrong.error.code == "invalid_training_file"
          and wrong.error.param == "training_file" and messages[-1] == wrong.error.message, wrong)
    client.files.delete(training.id)
    raises("a deleted file", openai.NotFoundError, lambda: client.files.retrieve(training.id))
    client.models.delete(job.fine_tuned_model)
    raises("a deleted model", openai.NotFoundError, lambda: client.models.retrieve(job.fine_tuned_model))


def pauses(job):
    def wait(right):
        for _ in range(1500):
            state = client.fine_tuning.jobs.retrieve(job).luthier["state"]
            if state in right:
                return state
            time.sleep(0.2)
        return state
    wait(["running"])
    client.fine_tuning.jobs.pause(job)
    check("jobs.pause", wait(["paused"]) == "paused")
    client.fine_tuning.jobs.resume(job)
    check("jobs.resume", wait(["running"]) == "running")


def commands():
    """The program `openai` of versions 1 and 2."""
    program = pathlib.Path(sys.executable).parent / "openai"
    if not program.exists():
        return skip("the command line", "this version of the package has none")
    environment = {"OPENAI_BASE_URL": URL + "/v1", "OPENAI_API_KEY": "any", "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"}

    def run(*words):
        done = subprocess.run([program, "api", *words], capture_output=True, text=True, timeout=120, env=environment)
        return done.returncode, done.stdout, done.stderr

    def value(*words):
        code, text, error = run(*words)
        try:
            return json.loads(text)
        except ValueError:
            return {"id": "none", "data": [{"id": "none", "message": ""}], "code": code, "text": text, "error": error}

    file = value("files.create", "-f", str(FOLDER / "chat.jsonl"), "-p", "fine-tune")
    check("command: files.create", file.get("status") == "processed", file)
    check("command: models.list", BASE in run("models.list")[1])
    job = value("fine_tuning.jobs.create", "-m", BASE, "-F", file["id"], "-s", "by-command")
    check("command: fine_tuning.jobs.create", job.get("object") == "fine_tuning.job", job)
    check("command: fine_tuning.jobs.retrieve", value("fine_tuning.jobs.retrieve", "-i", job["id"])["id"] == job["id"])
    check("command: fine_tuning.jobs.cancel", value("fine_tuning.jobs.cancel", "-i", job["id"])["id"] == job["id"])
    listed = value("fine_tuning.jobs.list", "-l", "1")
    check("command: fine_tuning.jobs.list", [each["id"] for each in listed["data"]] == [job["id"]], listed)
    events = value("fine_tuning.jobs.list_events", "-i", job["id"], "-l", "50")
    check("command: fine_tuning.jobs.list_events",
          events["data"][-1]["message"] == f"Created fine-tuning job: {job['id']}", events)
    chat = ["chat.completions.create", "-m", BASE, "-g", "user", QUESTION[0]["content"], "-M", "12", "-t", "0"]
    check("command: chat.completions.create", "Paris" in run(*chat)[1], run(*chat))
    check("command: as a stream", run(*chat)[1].strip() == run(*chat, "--stream")[1].strip())
    check("command: completions.create", run("completions.create", "-m", BASE, "-p", "The sun", "-M", "5")[1].strip() != "")
    failed = run("models.retrieve", "-i", "nothing")
    check("command: an error", failed[0] == 1 and "The model `nothing` does not exist" in failed[2], failed)


if __name__ == "__main__":
    answers()
    refusals()
    abandoned()
    jobs()
    commands()
