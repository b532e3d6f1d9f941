#!/usr/bin/env python3
"""The lessons of 2022 with the package `openai` 0.28 and its command line, word for word, and the same from Python.

    service_lessons.py URL LOCKED_URL FOLDER     a service that has davinci as another name; one with the key in
                                                 FOLDER/key; FOLDER has the rows
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import openai

from service_checks import check, is_idle, raises

URL, LOCKED, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
BASE = "smollm2-135m"
PROGRAM = pathlib.Path(sys.executable).parent / "openai"
ENVIRONMENT = {**os.environ, "OPENAI_API_BASE": URL + "/v1", "OPENAI_API_KEY": "any", "PYTHONIOENCODING": "utf-8"}


def run(words, given=""):
    """What `openai api WORDS` prints."""
    done = subprocess.run([PROGRAM, "api", *words], capture_output=True, text=True, timeout=300, env=ENVIRONMENT, cwd=FOLDER,
                          input=given)
    return done.stdout + done.stderr


def value(words, given=""):
    text = run(words, given)
    try:
        # What it says of an upload comes before or after.
        return json.JSONDecoder().raw_decode(text, text.index("{"))[0]
    except ValueError:
        return {"id": "none", "text": text}


def commands():
    text = run(["fine_tunes.create", "-t", "./old.jsonl", "-m", "davinci", "--suffix", "GPT-4 v1", "--n_epochs", "1"])
    found = re.search(r"Created fine-tune: (ft-\w+)", text)
    check("fine_tunes.create -t … -m davinci --suffix … follows to the end",
          bool(found) and "Uploaded file from ./old.jsonl: file-" in text and "Job complete! Status: succeeded 🎉" in text
          and text.index("Fine-tune started") < text.index("Completed epoch 1/1") < text.index("Fine-tune succeeded"), text)
    if not found:
        return
    job = found.group(1)
    model = re.search(r"openai api completions.create -m (\S+) -p", text).group(1)
    check("the model's name", re.fullmatch(r"davinci:ft-personal:gpt-4-v1(-\d+){6}", model) is not None, model)
    check("fine_tunes.list", job in [each["id"] for each in value(["fine_tunes.list"])["data"]])
    given = value(["fine_tunes.get", "-i", job])
    check("fine_tunes.get -i", given["status"] == "succeeded" and given["fine_tuned_model"] == model
          and given["hyperparams"]["n_epochs"] == 1 and given["training_files"][0]["purpose"] == "fine-tune-train", given)
    text = run(["fine_tunes.follow", "-i", job])
    check("fine_tunes.follow -i of a job that is over", "Fine-tune succeeded" in text and "Job complete!" in text, text)
    events = value(["fine_tunes.events", "-i", job])["data"]
    check("fine_tunes.events -i", [event["message"] for event in events][0] == f"Created fine-tune: {job}"
          and events[-1]["message"] == "Fine-tune succeeded", events)
    results = run(["fine_tunes.results", "-i", job])
    check("fine_tunes.results -i", results.startswith("step,elapsed_tokens,elapsed_examples,training_loss"), results)
    answer = run(["completions.create", "-m", model, "-p", "When does the pool open on day 3? ->", "-M", "8"])
    check("completions.create -m … -p …", "->" in answer and "Error" not in answer, answer)
    streamed = run(["completions.create", "-m", model, "-p", "When does the pool open on day 3? ->", "-M", "8", "--stream"])
    check("completions.create --stream", len(streamed.strip()) > 0 and "Error" not in streamed, streamed)
    chat = run(["chat_completions.create", "-m", BASE, "-g", "user", "What is the capital of France?", "-M", "12", "-t", "0"])
    check("chat_completions.create", "Paris" in chat, chat)
    check("models.list", model in run(["models.list"]))
    check("models.get -i", value(["models.get", "-i", model])["id"] == model)
    interrupted_and_cancelled()
    text = run(["fine_tunes.create", "-t", "./old.jsonl", "-m", "curie", "--no_follow"], given="\n")
    check("a model that is not here", "Error" in text and "The model `curie` does not exist. Models here:" in text, text)
    text = run(["fine_tunes.create", "-t", "./wrong.jsonl", "-m", "davinci"])
    check("rows that are wrong", "Fine-tune failed." in text and "Job failed." in text, text)
    check("fine_tunes.delete -i", value(["fine_tunes.delete", "-i", model]).get("deleted") is True)
    newer_commands()


def interrupted_and_cancelled():
    # The same file again: the client finds it here and asks.
    text = run(["fine_tunes.create", "-t", "./old.jsonl", "-m", "davinci", "--n_epochs", "20", "--no_follow"], given="\n")
    found = re.search(r'"id": "(ft-\w+)"', text)
    check("fine_tunes.create --no_follow of a file that is here already",
          bool(found) and "Found potentially duplicated files with name 'old.jsonl'" in text, text)
    if not found:
        return
    job = found.group(1)
    follower = subprocess.Popen([PROGRAM, "api", "fine_tunes.follow", "-i", job], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
    first = follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    text = first + follower.communicate(timeout=60)[0]
    check("fine_tunes.follow -i, interrupted", "Created fine-tune" in first and "Stream interrupted. Job is still" in text
          and f"openai api fine_tunes.cancel -i {job}" in text, text)
    given = value(["fine_tunes.cancel", "-i", job])
    check("fine_tunes.cancel -i", given.get("status") == "cancelled", given)
    text = run(["fine_tunes.follow", "-i", job])
    check("fine_tunes.follow -i of a cancelled job", "ancelled" in text and "Traceback" not in text, text)


def newer_commands():
    """0.28 has the newer interface too."""
    given = value(["files.create", "-f", "chat.jsonl", "-p", "fine-tune"])
    check("files.create", given["id"].startswith("file-"), given)
    check("files.list", given["id"] in run(["files.list"]))
    job = value(["fine_tuning.job.create", "-t", given["id"], "-m", BASE])
    check("fine_tuning.job.create", job["id"].startswith("ftjob-"), job)
    check("fine_tuning.job.get", value(["fine_tuning.job.get", "-i", job["id"]])["id"] == job["id"])
    check("fine_tuning.job.list", job["id"] in run(["fine_tuning.job.list"]))
    check("fine_tuning.job.events", f"Created fine-tuning job: {job['id']}" in run(["fine_tuning.job.events", "-i", job["id"]]))
    check("fine_tuning.job.cancel", value(["fine_tuning.job.cancel", "-i", job["id"]])["id"] == job["id"])


def python():
    openai.api_base, openai.api_key = URL + "/v1", "any"
    with open(FOLDER / "old.jsonl", "rb") as file:
        training = openai.File.create(file=file, purpose="fine-tune", user_provided_filename="old.jsonl")
    check("File.create", training.status == "processed" and training.bytes == (FOLDER / "old.jsonl").stat().st_size, training)
    check("File.download", openai.File.download(training.id) == (FOLDER / "old.jsonl").read_bytes())
    job = openai.FineTune.create(training_file=training.id, validation_file=training.id, model=BASE, n_epochs=2, batch_size=8)
    check("FineTune.create", job.status == "pending" and job.events[0].message == f"Created fine-tune: {job.id}", job)
    messages = [event.message for event in openai.FineTune.stream_events(job.id)]
    check("FineTune.stream_events", messages[-1] == "Fine-tune succeeded" and "Completed epoch 2/2" in messages, messages)
    job = openai.FineTune.retrieve(job.id)
    check("FineTune.retrieve", job.status == "succeeded" and len(job.result_files) == 1, job)
    check("FineTune.list_events", [event.message for event in openai.FineTune.list_events(job.id).data] == messages)
    table = openai.File.download(job.result_files[0].id).decode().splitlines()
    check("the result file", len(table) == 11 and "validation_loss" in table[0], table[:2])
    sun = {"model": job.fine_tuned_model, "prompt": "When does the pool open on day 3? ->", "max_tokens": 12, "temperature": 0}
    text = openai.Completion.create(**sun).choices[0].text
    streamed = "".join(chunk.choices[0].text for chunk in openai.Completion.create(**sun, stream=True))
    check("Completion.create and its stream", text != "" and streamed == text, (text, streamed))
    chances = openai.Completion.create(**sun | {"max_tokens": 1}, logprobs=2).choices[0].logprobs.top_logprobs[0]
    check("Completion.create with logprobs", len(chances) == 2, chances)
    chat = {"model": BASE, "messages": [{"role": "user", "content": "What is the capital of France?"}], "max_tokens": 12,
            "temperature": 0}
    text = openai.ChatCompletion.create(**chat).choices[0].message.content
    streamed = "".join(chunk.choices[0].delta.get("content", "") for chunk in openai.ChatCompletion.create(**chat, stream=True))
    check("ChatCompletion.create and its stream", "Paris" in text and streamed == text, (text, streamed))
    check("Embedding.create", len(openai.Embedding.create(
        model=BASE, input="one text", encoding_format="float").data[0].embedding) == 576)
    stream = openai.Completion.create(model=BASE, prompt="One day", max_tokens=4000, stream=True,
                                      logit_bias={"0": -100, "2": -100})
    pieces = [chunk.choices[0].text for chunk, _ in zip(stream, range(5))]
    stream.close()
    check("a stream that is left midway ends", len(pieces) == 5 and is_idle(URL), pieces)
    errors(chat)


def errors(chat):
    wrong = openai.error.InvalidRequestError
    raises("an unknown model", wrong, lambda: openai.Completion.create(model="nothing", prompt="?"), http_status=404,
           code="model_not_found", param="model")
    raises("a number out of bounds", wrong, lambda: openai.ChatCompletion.create(**chat | {"temperature": 9}),
           http_status=400, param="temperature")
    raises("a prompt that is too long", wrong, lambda: openai.Completion.create(model=BASE, prompt="word " * 9000),
           code="context_length_exceeded")
    raises("an unknown file", wrong, lambda: openai.File.retrieve("file-nothing"), http_status=404)
    raises("an unknown job", wrong, lambda: openai.FineTune.retrieve("ft-nothing"), param="fine_tune_id")
    raises("a job without its file", wrong, lambda: openai.FineTune.create(training_file="file-nothing", model=BASE))
    raises("a wrong key", openai.error.AuthenticationError, lambda: openai.Model.list(
        api_base=LOCKED + "/v1", api_key="wrong"), http_status=401)
    key = (FOLDER / "key").read_text().strip()
    check("the right key", BASE in [model.id for model in openai.Model.list(api_base=LOCKED + "/v1", api_key=key).data])


if __name__ == "__main__":
    commands()
    python()
