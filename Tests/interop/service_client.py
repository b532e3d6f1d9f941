#!/usr/bin/env python3
"""A session with the package `openai` from version 1 on, at a base URL: files, a job, its events, answers, and errors.

    service_client.py BASE_URL ROWS.jsonl
"""

import sys
import time

import openai

VERSION = openai.__version__


def check(name, is_right, seen=""):
    print(f"{'passed' if is_right else 'FAILED'}: {VERSION}: {name}{'' if is_right else f': {seen}'}", flush=True)


def raises(name, kind, status, call):
    try:
        seen = call()
    except openai.APIStatusError as error:
        check(name, isinstance(error, kind) and error.status_code == status, repr(error))
    else:
        check(name, False, seen)


def main():
    client = openai.OpenAI(base_url=sys.argv[1], api_key="any", max_retries=0)
    base = "smollm2-135m"
    check("models.list", base in [model.id for model in client.models.list()])
    check("models.retrieve", client.models.retrieve(base).owned_by == "luthier")
    question = [{"role": "user", "content": "What is the capital of France?"}]
    answer = client.chat.completions.create(model=base, messages=question, max_tokens=12, temperature=0)
    text = answer.choices[0].message.content
    check("chat", "Paris" in text and answer.choices[0].finish_reason == "stop" and answer.usage.completion_tokens > 0, text)
    stream = client.chat.completions.create(model=base, messages=question, max_tokens=12, temperature=0, stream=True,
                                            stream_options={"include_usage": True})
    chunks = list(stream)
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    check("the stream is the answer", streamed == text, streamed)
    check("the stream's usage", chunks[-1].usage == answer.usage, chunks[-1].usage)
    several = client.chat.completions.create(model=base, messages=question, max_tokens=8, n=3, seed=1, logprobs=True,
                                             top_logprobs=2)
    check("three answers", [choice.index for choice in several.choices] == [0, 1, 2])
    check("probabilities", len(several.choices[0].logprobs.content[0].top_logprobs) == 2)
    echo = client.completions.create(model=base, prompt="The sun rises in the", max_tokens=3, temperature=0, echo=True)
    check("completions", echo.choices[0].text.startswith("The sun rises in the"), echo.choices[0].text)
    vectors = client.embeddings.create(model=base, input=["one text", "another"])
    check("embeddings", [len(item.embedding) for item in vectors.data] == [576, 576])

    raises("an unknown model", openai.NotFoundError, 404, lambda: client.models.retrieve("nothing"))
    raises("a number out of bounds", openai.BadRequestError, 400,
           lambda: client.chat.completions.create(model=base, messages=question, temperature=9))
    raises("what cannot be done", openai.BadRequestError, 400, lambda: client.chat.completions.create(
        model=base, messages=question, response_format={"type": "json_object"}))
    raises("an unknown file", openai.NotFoundError, 404, lambda: client.files.retrieve("file-nothing"))
    raises("an unknown job", openai.NotFoundError, 404, lambda: client.fine_tuning.jobs.retrieve("ftjob-nothing"))

    with open(sys.argv[2], "rb") as file:
        training = client.files.create(file=file, purpose="fine-tune")
    check("files.create", training.status == "processed" and training.filename.endswith("chat.jsonl"))
    check("files.content", client.files.content(training.id).read() == open(sys.argv[2], "rb").read())
    check("files.list", training.id in [file.id for file in client.files.list()])
    job = client.fine_tuning.jobs.create(model=base, training_file=training.id, validation_file=training.id, suffix="days",
                                         hyperparameters={"n_epochs": 1}, metadata={"purpose": "a test"}
                                         if int(VERSION.split(".")[0]) > 1 else openai.NOT_GIVEN)
    check("jobs.create", job.status == "validating_files", job.status)
    for _ in range(600):
        job = client.fine_tuning.jobs.retrieve(job.id)
        if job.status in ("succeeded", "failed", "cancelled"):
            break
        time.sleep(0.2)
    check("the job succeeds", job.status == "succeeded" and job.trained_tokens > 0, (job.status, job.error))
    messages = [event.message for event in client.fine_tuning.jobs.list_events(job.id, limit=100)]
    check("events", messages[0] == "The job has successfully completed"
          and messages[-1] == f"Created fine-tuning job: {job.id}" and any(text.startswith("Step 1/") for text in messages),
          messages)
    checkpoints = client.fine_tuning.jobs.checkpoints.list(job.id).data
    check("checkpoints", len(checkpoints) == 1 and checkpoints[0].metrics.full_valid_loss > 0, checkpoints)
    check("result files", len(job.result_files) == 1 and client.files.content(job.result_files[0]).read() != b"")
    tuned = client.chat.completions.create(model=job.fine_tuned_model, max_tokens=12, messages=[
        {"role": "user", "content": "When does the pool open on day 3?"}])
    check("the tuned model answers", tuned.model == job.fine_tuned_model and tuned.choices[0].message.content != "")
    second = client.fine_tuning.jobs.create(model=base, training_file=training.id, hyperparameters={"n_epochs": 20})
    check("jobs.cancel", client.fine_tuning.jobs.cancel(second.id).status == "cancelled")
    check("jobs.list", [each.id for each in client.fine_tuning.jobs.list(limit=2)][:2] == [second.id, job.id])
    client.files.delete(training.id)
    raises("a deleted file", openai.NotFoundError, 404, lambda: client.files.retrieve(training.id))
    client.models.delete(job.fine_tuned_model)
    raises("a deleted model", openai.NotFoundError, 404, lambda: client.models.retrieve(job.fine_tuned_model))


if __name__ == "__main__":
    main()
