#!/bin/sh
# Makes a release that needs nothing but glibc: the program, built for two generations of processors, the libraries that it
# uses with their licences, and a checksum.
#
#     Packaging/release.sh [OUTPUT]        OUTPUT is .build/release-archive unless named
#
# PROGRAM is a build to pack as it is, instead of building: for trying this script.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
output=${1:-.build/release-archive}
SWIFT=${SWIFT:-swift}

for tool in patchelf strip ldd sha256sum; do
    command -v "$tool" >/dev/null || { echo "error: $tool is missing: apt-get install patchelf binutils" >&2; exit 1; }
done
case $(uname -sm) in
"Linux x86_64") generations="x86-64-v3 x86-64-v4" ;;
*) echo "error: releases are made on Linux and x86-64, not on $(uname -sm)" >&2; exit 1 ;;
esac

build() {  # generation: prints the built program's path
    if [ -n "${PROGRAM:-}" ]; then echo "$PROGRAM"; return; fi
    LUTHIER_ARCHITECTURE=$1 "$SWIFT" build -c release --product luthier --scratch-path ".build/$1" >&2
    echo "$root/.build/$1/release/luthier"
}

# The libraries that a file loads, without those of glibc, which belong to the system.
libraries() {
    ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' \
        | grep -vE '/(ld-linux[^/]*|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl|libnss_[a-z]+)\.so[.0-9]*$'
}

# Those that the program loads when it needs them.
loaded_when_needed() {
    for name in libcurl.so.4 libmicrohttpd.so.12 libsqlite3.so.0; do
        path=$(ldconfig -p | awk -v name="$name" '$1 == name { print $NF; exit }')
        [ -n "$path" ] || { echo "error: $name is not installed: make deps" >&2; exit 1; }
        echo "$path"
        libraries "$path"
    done
}

copy_licence() {  # library
    real=$(readlink -f "$1")
    case $real in
    */swift/linux/*) package=swift; text=$(dirname "$real")/../../../share/swift/LICENSE.txt ;;
    *)
        # Debian's links may name the library by a path that its package does not.
        package=$({ dpkg -S "$real" || dpkg -S "${real#/usr}"; } 2>/dev/null | head -1 | cut -d: -f1)
        text=/usr/share/doc/$package/copyright ;;
    esac
    if [ -z "$package" ] || [ ! -f "$text" ]; then echo "error: no licence is found for $1" >&2; exit 1; fi
    cp "$text" "$archive/licences/$package.txt"
    echo "$package" >>"$packages"
}

version=$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/LuthierProgram/Luthier.swift)
name=luthier-$version-linux-x86-64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=$work/$name
packages=$work/packages
mkdir -p "$archive/bin" "$archive/lib" "$archive/licences" "$output"

for generation in $generations; do
    program=$(build "$generation")
    mkdir -p "$archive/lib/$generation"
    target=$archive/lib/$generation/luthier
    cp "$program" "$target"
    strip "$target"
    # An RPATH also holds for what the libraries load; a RUNPATH would not.
    # shellcheck disable=SC2016
    patchelf --force-rpath --set-rpath '$ORIGIN/..' "$target"
done
{ libraries "$program"; loaded_when_needed; } | sort -u | while read -r library; do
    cp -L "$library" "$archive/lib/"
    strip --strip-unneeded "$archive/lib/${library##*/}"
    copy_licence "$library"
done
# hnswlib is compiled into the program.
cp /usr/share/doc/libhnswlib-dev/copyright "$archive/licences/libhnswlib-dev.txt"
echo libhnswlib-dev >>"$packages"
install -m 755 Packaging/launch.sh "$archive/bin/luthier"
mkdir -p "$archive/share"
for page in "bash share/bash-completion/completions/luthier" "zsh share/zsh/site-functions/_luthier" \
    "fish share/fish/vendor_completions.d/luthier.fish" "man share/man/man1/luthier.1"; do
    mkdir -p "$archive/$(dirname "${page#* }")"
    "$archive/bin/luthier" completion "${page%% *}" >"$archive/${page#* }"
done
cp LICENSE NOTICE CHANGELOG.md README.md "$archive/"
{
    echo "The libraries in lib/ come from these packages, without their symbols for debugging; their licences are in licences/."
    echo
    sort -u "$packages" | while read -r package; do
        if [ "$package" = swift ]; then "$SWIFT" --version 2>/dev/null | head -1; else
            dpkg-query -W -f '${Package} ${Version}\n' "$package"; fi
    done
} >"$archive/LIBRARIES"

# The same files give the same archive: one order, one owner, the time of the last commit.
time=$(git log -1 --format=%ct)
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" -cf - "$name" | gzip -9n >"$output/$name.tar.gz"
(cd "$output" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "$output/$name.tar.gz: $(du -h "$output/$name.tar.gz" | cut -f1), $(du -sh "$archive" | cut -f1) unpacked"
