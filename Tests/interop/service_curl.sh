#!/usr/bin/env bash
# A session with curl alone; Python only reads fields of answers.
#
#     service_curl.sh URL LOCKED_URL FOLDER     a service; one with the key in FOLDER/key; FOLDER has the rows
set -uo pipefail
url=$1 locked=$2 folder=$3
base=smollm2-135m
json='Content-Type: application/json'

check() { # NAME WHETHER-RIGHT SEEN
    if [ "$2" = yes ]; then echo "passed: $1"; else echo "FAILED: $1: $(head -c 1000 <<<"$3" | tr '\n' ' ')"; fi
}
same() { # NAME WANTED SEEN
    if [ "$2" = "$3" ]; then check "$1" yes; else check "$1" no "wanted $2, seen $3"; fi
}
has() { # NAME PATTERN TEXT
    if grep -qE "$2" <<<"$3"; then check "$1" yes; else check "$1" no "$3"; fi
}
# The field of an answer: `field choices 0 text`.
field() {
    python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value if isinstance(value, str) else json.dumps(value))' "$@"
}
get() { curl -sS --max-time 120 "$url$1"; }
post() { curl -sS --max-time 300 "$url$1" -H "$json" -d "$2"; }
# The status, then the code of the error.
refused() { # NAME STATUS CODE curl's words…
    local name=$1 status=$2 code=$3 answer
    shift 3
    answer=$(curl -sS --max-time 120 -w '\n%{http_code}' "$@")
    same "$name" "$status $code" "$(tail -1 <<<"$answer") $(sed '$d' <<<"$answer" | field error code)"
}
# The pieces of a stream, put together.
joined() {
    python3 -c 'import json, sys
lines = [line[6:].strip() for line in sys.stdin if line.startswith("data: ")]
assert lines[-1] == "[DONE]", lines[-1]
for line in lines[:-1]:
    choice = json.loads(line)["choices"][0]
    sys.stdout.write(choice.get("text") or choice.get("delta", {}).get("content") or "")'
}
status() { get "/v1/fine_tuning/jobs/$1" | field status; }
# Waits until the job is over, and says how it ended.
follow() {
    local now
    for _ in $(seq 600); do
        now=$(status "$1")
        case $now in succeeded | failed | cancelled) break ;; esac
        sleep 0.3
    done
    echo "$now"
}

has 'models' "\"id\":\"$base\"" "$(get /v1/models)"
same 'one model' luthier "$(get /v1/models/$base | field owned_by)"
file=$(curl -sS "$url/v1/files" -F purpose=fine-tune -F "file=@$folder/chat.jsonl")
same 'upload' "processed chat.jsonl" "$(field status <<<"$file") $(field filename <<<"$file")"
file=$(field id <<<"$file")
has 'files' "$file" "$(get '/v1/files?purpose=fine-tune')"
get "/v1/files/$file/content" | cmp -s - "$folder/chat.jsonl" && check 'the content of a file' yes || check 'the content of a file' no

job=$(post /v1/fine_tuning/jobs "{\"model\":\"$base\",\"training_file\":\"$file\",\"validation_file\":\"$file\",\"suffix\":\"by curl\",
    \"method\":{\"type\":\"supervised\",\"supervised\":{\"hyperparameters\":{\"n_epochs\":1,\"batch_size\":8}}}}")
same 'create' "fine_tuning.job validating_files" "$(field object <<<"$job") $(field status <<<"$job")"
job=$(field id <<<"$job")
same 'follow' succeeded "$(follow "$job")"
events=$(get "/v1/fine_tuning/jobs/$job/events?limit=100")
same 'the newest event' 'The job has successfully completed' "$(field data 0 message <<<"$events")"
same 'an event for each step' 5 "$(grep -o '"message":"Step [0-9]*/5: training loss=' <<<"$events" | sort -u | wc -l)"
same 'checkpoints' 5 "$(get "/v1/fine_tuning/jobs/$job/checkpoints" | field data 0 step_number)"
given=$(get "/v1/fine_tuning/jobs/$job")
model=$(field fine_tuned_model <<<"$given")
has 'the name of the model' "^ft:$base:personal:by-curl:[A-Za-z0-9]{8}\$" "$model"
same 'results' 6 "$(get "/v1/files/$(field result_files 0 <<<"$given")/content" | base64 -d | wc -l)"
same 'jobs' "$job" "$(get '/v1/fine_tuning/jobs?limit=1' | field data 0 id)"

ask='"max_tokens":16,"temperature":0'
pool="\"messages\":[{\"role\":\"user\",\"content\":\"When does the pool open on day 3?\"}]"
text=$(post /v1/chat/completions "{\"model\":\"$model\",$pool,$ask}" | field choices 0 message content)
has 'a chat with the tuned model' pool "$text"
same 'the same as a stream' "$text" "$(curl -sSN "$url/v1/chat/completions" -H "$json" -d "{\"model\":\"$model\",$pool,$ask,\"stream\":true}" | joined)"
text=$(post /v1/completions "{\"model\":\"$model\",\"prompt\":\"On day 3\",$ask}" | field choices 0 text)
same 'completions as a stream' "$text" "$(curl -sSN "$url/v1/completions" -H "$json" -d "{\"model\":\"$model\",\"prompt\":\"On day 3\",$ask,\"stream\":true}" | joined)"
same 'embeddings' 576 "$(post /v1/embeddings "{\"model\":\"$base\",\"input\":\"one text\"}" | field data 0 embedding | tr ',' '\n' | wc -l)"
headers=$(curl -sSN -D - -o /dev/null "$url/v1/chat/completions" -H "$json" -d "{\"model\":\"$model\",$pool,$ask,\"stream\":true}")
has 'the media type of a stream' '^[Cc]ontent-[Tt]ype: text/event-stream' "$headers"
# The reader leaves after five lines.
curl -sSN "$url/v1/completions" -H "$json" -d "{\"model\":\"$base\",\"prompt\":\"One day\",\"max_tokens\":4000,\"stream\":true,
    \"logit_bias\":{\"0\":-100,\"2\":-100}}" 2>/dev/null | head -5 >/dev/null
for _ in $(seq 100); do
    running=$(get /health | field requests running)
    [ "$running" = 0 ] && break
    sleep 0.1
done
same 'a stream that is left midway ends' 0 "$running"

second=$(post /v1/fine_tuning/jobs "{\"model\":\"$base\",\"training_file\":\"$file\",\"hyperparameters\":{\"n_epochs\":20}}" | field id)
has 'cancel' '"object":"fine_tuning.job"' "$(curl -sS -X POST "$url/v1/fine_tuning/jobs/$second/cancel")"
same 'a cancelled job' cancelled "$(follow "$second")"
old=$(curl -sS "$url/v1/files" -F purpose=fine-tune -F "file=@$folder/old.jsonl" | field id)
tune=$(post /v1/fine-tunes "{\"model\":\"davinci\",\"training_file\":\"$old\",\"n_epochs\":1,\"batch_size\":8}" | field id)
stream=$(curl -sSN --max-time 300 "$url/v1/fine-tunes/$tune/events?stream=true")
same 'the older interface: the stream of events ends' 'data: [DONE]' "$(grep . <<<"$stream" | tail -1)"
has 'the older interface: the job succeeds' '"message":"Fine-tune succeeded"' "$stream"
same 'the older interface: get' succeeded "$(get "/v1/fine-tunes/$tune" | field status)"

refused 'an unknown model' 404 model_not_found "$url/v1/chat/completions" -H "$json" -d "{\"model\":\"nothing\",$pool}"
refused 'a number out of bounds' 400 null "$url/v1/chat/completions" -H "$json" -d "{\"model\":\"$base\",$pool,\"temperature\":9}"
refused 'an unknown job' 404 fine_tune_not_found "$url/v1/fine_tuning/jobs/ftjob-nothing"
refused 'an unknown path' 404 null "$url/v1/nothing"
refused 'a method that is not allowed' 405 method_not_supported -X DELETE "$url/v1/models"
refused 'what is not JSON' 400 null "$url/v1/completions" -H "$json" -d '{'
refused 'a page of another origin' 403 origin_not_allowed "$url/v1/models" -H 'Origin: https://example.org'
refused 'a form in place of JSON' 415 unsupported_media_type "$url/v1/completions" -d 'model=x'
refused 'no key' 401 invalid_api_key "$locked/v1/models"
refused 'a wrong key' 401 invalid_api_key "$locked/v1/models" -H 'Authorization: Bearer wrong'
has 'the right key' "\"id\":\"$base\"" "$(curl -sS "$locked/v1/models" -H "Authorization: Bearer $(cat "$folder/key")")"
same 'a file is deleted' true "$(curl -sS -X DELETE "$url/v1/files/$file" | field deleted)"
refused 'a deleted file' 404 null "$url/v1/files/$file"
