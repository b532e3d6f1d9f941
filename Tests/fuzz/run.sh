#!/usr/bin/env bash
# Coverage-guided fuzzing of the readers: builds one program for each, runs it, and says what part of each file it reached.
# Use: Tests/fuzz/run.sh [executions, by default 1000000] [reader …, by default JSONL CSV Text GGUF Tokenizer Template]
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-1000000}
shift || true
readers=("$@")
[ ${#readers[@]} -gt 0 ] || readers=(JSONL CSV Text GGUF Tokenizer Template)
build=.build/fuzz
mkdir -p "$build"
flags=(-O -parse-as-library -swift-version 6 -enable-upcoming-feature ExistentialAny -package-name luthier
    -sanitize=fuzzer -profile-generate -profile-coverage-mapping -I "$build" -I Sources/CZlib -I Sources/COpenBLAS
    -I Sources/COpenSSL -I Sources/CHDF5 -I Sources/COneDNN -I Sources/CProcessor -Xcc -march=native)
for word in $(pkg-config --cflags openblas hdf5 libcrypto zlib); do flags+=(-Xcc "$word"); done
libraries="$(pkg-config --libs openblas hdf5 libcrypto zlib) -ldnnl"

modules=(StrictJSON Files Kernels Tokenizer Checkpoint Jinja Conversations Datasets Preparation PreparationSupport
    Model Interchange)
objects=()
for module in "${modules[@]}"; do objects+=("$build/$module.o"); done
if [ ! -f "$build/built" ] || [ -n "$(find Sources Tests/PreparationSupport Tests/fuzz/*.swift -newer "$build/built" -print -quit)" ]; then
    for module in "${modules[@]}"; do
        folder=Sources/$module
        [ -d "$folder" ] || folder=Tests/$module
        mapfile -t sources < <(find "$folder" -name '*.swift')
        swiftc "${flags[@]}" -wmo -module-name "$module" -emit-module -emit-module-path "$build/$module.swiftmodule" \
            -emit-object -o "$build/$module.o" "${sources[@]}"
    done
    for reader in JSONL CSV Text GGUF Tokenizer Template; do
        # shellcheck disable=SC2086
        swiftc "${flags[@]}" -module-name "Fuzz$reader" -o "$build/fuzz-$reader" "Tests/fuzz/Fuzz$reader.swift" \
            "${objects[@]}" $libraries
    done
    touch "$build/built"
fi
# The fuzzer, not Swift's backtrace, handles a trap: it keeps the input.
export SWIFT_BACKTRACE=enable=no
status=0
for reader in "${readers[@]}"; do
    mkdir -p "$build/corpus-$reader"
    # A GGUF file with a block of every type is longer than a text with every kind of row.
    case $reader in
        GGUF) length=1536 words=gguf ;;
        Template) length=512 words=template ;;
        Tokenizer) length=1024 words=tokenizer ;;
        *) length=512 words=words ;;
    esac
    LLVM_PROFILE_FILE="$build/$reader.profraw" "$build/fuzz-$reader" -runs="$runs" -max_len="$length" -timeout=10 \
        -print_final_stats=1 -dict="Tests/fuzz/$words.dict" -artifact_prefix="$build/" \
        "$build/corpus-$reader" "Tests/fuzz/seeds/$reader" >"$build/$reader.log" 2>&1 || status=1
    grep -E 'number_of_executed_units|ERROR|Fatal' "$build/$reader.log" | sed "s/^/$reader: /"
done
# The toolchain's own: others do not know its format.
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
if [ -x "$tools/llvm-profdata" ] && [ -x "$tools/llvm-cov" ]; then
    "$tools/llvm-profdata" merge -o "$build/all.profdata" "$build"/*.profraw
    "$tools/llvm-cov" report -instr-profile "$build/all.profdata" "$build/fuzz-JSONL" -object "$build/fuzz-CSV" \
        -object "$build/fuzz-Text" -object "$build/fuzz-GGUF" -object "$build/fuzz-Tokenizer" \
        -object "$build/fuzz-Template" \
        Sources/Datasets/Reading/{Record,Delimited,Column,Source,Text}*.swift Sources/Datasets/Rows/*.swift \
        Sources/Interchange/GGUF/GGUF{Cursor,Defect,Header,Metadata,RowOrder,TokenizerKeys,Type,Value}.swift \
        Sources/Interchange/GGUF/Dequantization/*.swift Sources/Files/GitLFSPointer.swift Sources/Jinja/*/*.swift \
        Sources/Tokenizer/Files/{TokenizerFile*,VocabularyBuilder,MergeListBuilder,ScoredPairs,GGUFVocabulary}.swift \
        >"$build/coverage.txt"
    # The share of lines. What needs a file, RecordReader and ByteStream, is out of the fuzzers' reach.
    awk '/\.swift/ && !/RecordReader|RecordBatch/ { print $1, $10 }' "$build/coverage.txt"
fi
exit "$status"
