#!/usr/bin/env python3
"""A session with the package `litellm`, whose provider "openai" takes any address: answers, files, jobs, and its errors.

    service_litellm.py URL LOCKED_URL FOLDER     a service; one with the key in FOLDER/key; FOLDER has the rows
"""

import base64
import os
import pathlib
import sys
import time

# It would ask for prices on the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
import openai

from service_checks import check, is_idle, raises

litellm.suppress_debug_info = True
URL, LOCKED, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
BASE = "smollm2-135m"
HERE = {"api_base": URL + "/v1", "api_key": "any", "max_retries": 0}
FILES = HERE | {"custom_llm_provider": "openai"}
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
SHORT = HERE | {"model": f"openai/{BASE}", "messages": QUESTION, "max_tokens": 12, "temperature": 0}


def answers():
    answer = litellm.completion(**SHORT)
    text = answer.choices[0].message.content
    check("completion", "Paris" in text and answer.choices[0].finish_reason == "stop", answer)
    chunks = list(litellm.completion(**SHORT, stream=True, stream_options={"include_usage": True}))
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    check("completion as a stream", streamed == text, streamed)
    check("the stream's usage", chunks[-1].usage.completion_tokens == answer.usage.completion_tokens, chunks[-1])
    check("stream_chunk_builder", litellm.stream_chunk_builder(chunks).choices[0].message.content == text)
    sun = HERE | {"model": f"text-completion-openai/{BASE}", "prompt": "The sun rises in the", "max_tokens": 5, "temperature": 0}
    text = litellm.text_completion(**sun).choices[0].text
    streamed = "".join(chunk.choices[0].text or "" for chunk in litellm.text_completion(**sun, stream=True))
    check("text_completion and its stream", text != "" and streamed == text, (text, streamed))
    vectors = litellm.embedding(**HERE, model=f"openai/{BASE}", input=["one text", "another"])
    check("embedding", [len(item["embedding"]) for item in vectors.data] == [576, 576])
    stream = litellm.completion(**SHORT | {"max_tokens": 4000}, logit_bias={"0": -100, "2": -100}, stream=True)
    pieces = [chunk.choices[0].delta.content for chunk, _ in zip(stream, range(5))]
    stream.completion_stream.close()
    check("a stream that is left midway ends", len(pieces) == 5 and is_idle(URL), pieces)


def errors():
    raises("an unknown model", litellm.NotFoundError, lambda: litellm.completion(**SHORT | {"model": "openai/nothing"}),
           status_code=404)
    raises("a number out of bounds", litellm.BadRequestError, lambda: litellm.completion(**SHORT | {"temperature": 9}),
           status_code=400)
    raises("an answer as JSON", litellm.BadRequestError, lambda: litellm.completion(
        **SHORT, response_format={"type": "json_object"}), status_code=400)
    raises("a prompt that is too long", litellm.ContextWindowExceededError, lambda: litellm.completion(
        **SHORT | {"messages": [{"role": "user", "content": "word " * 9000}]}), status_code=400)
    raises("a text that is too long", litellm.ContextWindowExceededError, lambda: litellm.text_completion(
        **HERE, model=f"text-completion-openai/{BASE}", prompt="word " * 9000))
    raises("a wrong key", litellm.AuthenticationError, lambda: litellm.completion(
        **SHORT | {"api_base": LOCKED + "/v1", "api_key": "wrong"}), status_code=401)
    key = (FOLDER / "key").read_text().strip()
    listed = litellm.file_list(custom_llm_provider="openai", api_base=LOCKED + "/v1", api_key=key)
    check("the right key", listed.data == [], listed)
    # Errors of files and jobs are those of the package `openai`, which litellm passes on.
    raises("an unknown file", openai.NotFoundError, lambda: litellm.file_retrieve(file_id="file-nothing", **FILES))
    raises("an unknown job", openai.NotFoundError, lambda: litellm.retrieve_fine_tuning_job(
        fine_tuning_job_id="ftjob-nothing", **FILES))
    raises("a job without its file", openai.BadRequestError, lambda: litellm.create_fine_tuning_job(
        model=BASE, training_file="file-nothing", **FILES), param="training_file")


def jobs():
    with open(FOLDER / "chat.jsonl", "rb") as file:
        training = litellm.create_file(file=file, purpose="fine-tune", **FILES)
    check("create_file", training.status == "processed" and training.filename == "chat.jsonl", training)
    check("file_retrieve", litellm.file_retrieve(file_id=training.id, **FILES).id == training.id)
    check("file_list", training.id in [file.id for file in litellm.file_list(**FILES)])
    check("file_content", litellm.file_content(file_id=training.id, **FILES).content == (FOLDER / "chat.jsonl").read_bytes())
    job = litellm.create_fine_tuning_job(model=BASE, training_file=training.id, suffix="lite", hyperparameters={
        "n_epochs": 1, "batch_size": 8}, **FILES)
    check("create_fine_tuning_job", job.status == "validating_files", job)
    for _ in range(600):
        job = litellm.retrieve_fine_tuning_job(fine_tuning_job_id=job.id, **FILES)
        if job.status in ("succeeded", "failed", "cancelled"):
            break
        time.sleep(0.3)
    check("retrieve_fine_tuning_job, until it succeeds", job.status == "succeeded" and job.trained_tokens > 0, job)
    table = base64.b64decode(litellm.file_content(file_id=job.result_files[0], **FILES).content).decode().splitlines()
    check("the result file", table[0].startswith("step,train_loss") and len(table) == 6, table)
    ask = SHORT | {"model": f"openai/{job.fine_tuned_model}", "max_tokens": 16,
                   "messages": [{"role": "user", "content": "When does the pool open on day 3?"}]}
    text = litellm.completion(**ask).choices[0].message.content
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in litellm.completion(**ask, stream=True))
    check("the tuned model and its stream", "pool" in text and streamed == text, (text, streamed))
    check("the tuned model in text_completion", litellm.text_completion(
        **HERE, model=f"text-completion-openai/{job.fine_tuned_model}", prompt="On day 3", max_tokens=8).choices[0].text != "")
    second = litellm.create_fine_tuning_job(model=BASE, training_file=training.id, hyperparameters={"n_epochs": 20}, **FILES)
    check("cancel_fine_tuning_job", litellm.cancel_fine_tuning_job(fine_tuning_job_id=second.id, **FILES).id == second.id)
    listed = litellm.list_fine_tuning_jobs(limit=2, **FILES)
    check("list_fine_tuning_jobs", [each.id for each in listed.data] == [second.id, job.id], listed)
    check("file_delete", litellm.file_delete(file_id=training.id, **FILES).deleted)


if __name__ == "__main__":
    answers()
    errors()
    jobs()
