#!/usr/bin/env bash
# Coverage-guided fuzzing of the readers: builds one program for each, runs it, and says what it executed and reached.
# Use: Tests/fuzz/run.sh [executions, by default 1000000] [reader …, by default all]
#
# The report has a line for each reader: executions, traps (libFuzzer stops at the first, and keeps the input in
# .build/fuzz), and the share of the lines of the reader's own files that were executed. `.build/fuzz/READER.missing`
# lists the others. What no input reaches: errors of the system (a file that cannot be read, mapped or examined, memory
# that is missing), sizes beyond an input's (a header of 100 MB, a text of 64 MiB, 2^22 tokens), and what opens the file
# of a config.
#
# HDF5 is read by libhdf5, which crashes or loops where its tables are damaged in certain ways. There the fuzzer
# continues after a crash, and the report separates those inside libhdf5 from those of the reader, which are traps.
#
# RUNNER is put before the fuzzers' commands: RUNNER='nice -n 10' leaves the machine to others.
set -euo pipefail
cd "$(dirname "$0")/../.."
all=(JSONL CSV Text GGUF Tokenizer Merges Template Safetensors Config Checkpoint HDF5)
runs=${1:-1000000}
shift || true
readers=("$@")
[ ${#readers[@]} -gt 0 ] || readers=("${all[@]}")
build=.build/fuzz
mkdir -p "$build"

# A reader's own files. Those that JSONL, CSV and Text have in common are counted for all three together.
files() {
    case $1 in
        JSONL | CSV | Text)
            ls Sources/Datasets/Reading/{RecordSplitter,Delimited,Column,Source,TextDecoder,TextOrigin}*.swift \
                Sources/Datasets/Rows/*.swift ;;
        GGUF) ls Sources/Interchange/GGUF/GGUF{Cursor,Defect,Header,Metadata,RowOrder,TokenizerKeys,Type,Value}.swift \
            Sources/Interchange/GGUF/Dequantization/*.swift Sources/Tokenizer/Files/{GGUFVocabulary,ScoredPairs}.swift \
            Sources/Files/GitLFSPointer.swift ;;
        Tokenizer) ls Sources/Tokenizer/Files/TokenizerFile*.swift \
            Sources/Tokenizer/Files/{VocabularyBuilder,MergeListBuilder}.swift Sources/StrictJSON/JSONParser*.swift ;;
        Merges) ls Sources/Tokenizer/Files/{PairFiles,TokenizerReader,MergeListBuilder}.swift \
            Sources/Interchange/HuggingFace/FolderTokenizer.swift ;;
        Template) ls Sources/Jinja/*/*.swift ;;
        Safetensors) ls Sources/Interchange/Weights/{Safetensors{Header,File,Defect},StoredWeights}.swift \
            Sources/Interchange/Weights/{ShardIndexDefect,WeightsDefect,FloatConversion,MappedFile}.swift \
            Sources/Interchange/HuggingFace/{HuggingFaceFolder,HuggingFaceConfig,ConfigFields}.swift ;;
        Config) ls Sources/Training/Config/*.swift Sources/Models/{ConfigText,ModelInfo+Reading}.swift \
            Sources/Training/LearningRateSchedule.swift ;;
        Checkpoint) ls Sources/Training/TrainingState.swift \
            Sources/Models/{ConfigText,ModelInfo+Reading,ArchitectureText,TrainingRecord}.swift \
            Sources/Model/Description/Architecture+Validation.swift ;;
        HDF5) ls Sources/Checkpoint/{CheckpointReader,HDF5Catalogue,HDF5Session,UserBlock,VerifiedFile}.swift \
            Sources/Checkpoint/CheckpointError+Description.swift ;;
    esac
}

# The longest input, and the dictionary. A GGUF file with a block of every type is longer than a text with every kind of
# row, and an HDF5 file of one array has 2 KiB of tables.
limits() {
    case $1 in
        GGUF) echo 1536 gguf ;;
        Tokenizer) echo 1024 tokenizer ;;
        Merges) echo 768 merges ;;
        Template) echo 512 template ;;
        Safetensors) echo 4096 safetensors ;;
        Config) echo 1024 config ;;
        Checkpoint) echo 3072 config ;;
        HDF5) echo 6144 hdf5 ;;
        *) echo 512 words ;;
    esac
}

# Runs a fuzzer again after a crash inside libhdf5, until it has executed so many inputs; fails at any other crash.
until_done() {
    local left=$1 log=$build/once.log crashes=0 executed
    shift
    while [ "$left" -gt 0 ]; do
        # The last of several equal flags counts.
        if "$@" -runs="$left" >"$log" 2>&1; then
            cat "$log"
            break
        fi
        cat "$log"
        # The first frames are those of the signal's handler and of libc.
        grep -m 6 -E '^ +#[0-9]' "$log" | grep -q libhdf5 || return 1
        crashes=$((crashes + 1))
        executed=$(awk '/number_of_executed_units/ { print $2 }' "$log")
        left=$((left - executed))
    done
    echo "crashes inside libhdf5: $crashes"
}

flags=(-O -parse-as-library -swift-version 6 -enable-upcoming-feature ExistentialAny -package-name luthier
    -sanitize=fuzzer -profile-generate -profile-coverage-mapping -I "$build" -Xcc -march=native)
for module in CZlib COpenBLAS COpenSSL CHDF5 COneDNN CProcessor CCurl; do flags+=(-I "Sources/$module"); done
for word in $(pkg-config --cflags openblas hdf5 libcrypto zlib); do flags+=(-Xcc "$word"); done
libraries="$(pkg-config --libs openblas hdf5 libcrypto zlib) -ldnnl"

# Each after those that it imports. What follows a rebuilt module is rebuilt.
modules=(StrictJSON Files Processes Kernels Tokenizer Checkpoint Jinja Conversations Datasets Preparation PreparationSupport
    Model Interchange Inference Fetching Models Evaluation Training)
objects=()
isStale=
for module in "${modules[@]}"; do
    object=$build/$module.o
    objects+=("$object")
    folder=Sources/$module
    [ -d "$folder" ] || folder=Tests/$module
    [ -f "$object" ] && [ -z "$(find "$folder" -newer "$object" -print -quit)" ] || isStale=yes
    [ -n "$isStale" ] || continue
    mapfile -t sources < <(find "$folder" -name '*.swift')
    swiftc "${flags[@]}" -wmo -module-name "$module" -emit-module -emit-module-path "$build/$module.swiftmodule" \
        -emit-object -o "$object" "${sources[@]}"
done
for reader in "${readers[@]}"; do
    program=$build/fuzz-$reader
    if [ -n "$isStale" ] || [ ! -f "$program" ] || [ "Tests/fuzz/Fuzz$reader.swift" -nt "$program" ] \
        || [ Tests/fuzz/FuzzFolder.swift -nt "$program" ]; then
        # shellcheck disable=SC2086
        swiftc "${flags[@]}" -wmo -module-name "Fuzz$reader" -o "$program" "Tests/fuzz/Fuzz$reader.swift" \
            Tests/fuzz/FuzzFolder.swift "${objects[@]}" $libraries
    fi
done

# The fuzzer, not Swift's backtrace, handles a trap: it keeps the input.
export SWIFT_BACKTRACE=enable=no OPENBLAS_NUM_THREADS=1
# Files are in memory where the system has such a place.
LUTHIER_FUZZ_FOLDER=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo /tmp)" luthier-fuzz.XXXXXX)
export LUTHIER_FUZZ_FOLDER
trap 'rm -rf "$LUTHIER_FUZZ_FOLDER"' EXIT
status=0
for reader in "${readers[@]}"; do
    mkdir -p "$build/corpus-$reader"
    rm -rf "${LUTHIER_FUZZ_FOLDER:?}"/*
    read -r length words < <(limits "$reader")
    fuzz=("$build/fuzz-$reader" -runs="$runs" -max_len="$length" -timeout=60 -print_final_stats=1
        -dict="Tests/fuzz/$words.dict" -artifact_prefix="$build/$reader-" "$build/corpus-$reader"
        "Tests/fuzz/seeds/$reader")
    export LLVM_PROFILE_FILE="$build/$reader.profraw"
    if [ "$reader" != HDF5 ]; then
        # shellcheck disable=SC2086
        ${RUNNER:-} "${fuzz[@]}" >"$build/$reader.log" 2>&1 || status=1
    else
        rm -f "$build"/HDF5-*
        # shellcheck disable=SC2086
        until_done "$runs" ${RUNNER:-} "${fuzz[@]}" >"$build/$reader.log" 2>&1 || status=1
    fi
done

# The toolchain's own: others do not know its format.
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
for reader in "${readers[@]}"; do
    profiles=("$build/$reader.profraw")
    case $reader in
        JSONL | CSV | Text) profiles=("$build"/JSONL.profraw "$build"/CSV.profraw "$build"/Text.profraw) ;;
    esac
    executions=$(awk '/number_of_executed_units/ { sum += $2 } END { print sum }' "$build/$reader.log")
    inside=$(awk '/^crashes inside libhdf5/ { print $4 }' "$build/$reader.log")
    traps=$(($(grep -c 'Test unit written' "$build/$reader.log" || true) - ${inside:-0}))
    reached=unknown
    if [ -x "$tools/llvm-profdata" ] && [ -x "$tools/llvm-cov" ] \
        && "$tools/llvm-profdata" merge -o "$build/$reader.profdata" "${profiles[@]}" 2>/dev/null; then
        mapfile -t sources < <(files "$reader")
        reached=$("$tools/llvm-cov" export -format=lcov -instr-profile "$build/$reader.profdata" \
            "$build/fuzz-$reader" "${sources[@]}" | awk -F '[:,]' -v missing="$build/$reader.missing" '
                BEGIN { printf "" >missing }
                /^SF/ { file = $2; sub(/.*\/Sources\//, "Sources/", file) }
                /^DA/ { lines += 1; if ($3 > 0) hit += 1; else print file ":" $2 >missing }
                END { printf "%.1f", 100 * hit / lines }')
    fi
    printf '%-12s %10s executions  %s traps  %5s %% of its lines reached%s\n' "$reader" "${executions:-?}" "$traps" \
        "$reached" "${inside:+; $inside crashes inside libhdf5}"
    [ "$traps" = 0 ] || grep -hE 'Fatal|Test unit written' "$build/$reader.log" | sed "s/^/    /" || true
done
exit "$status"
