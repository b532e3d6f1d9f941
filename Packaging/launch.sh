#!/bin/sh
# Starts the build of luthier that suits this processor.
lib=$(dirname "$(readlink -f "$0")")/../lib
flags=" $(sed -n '/^flags/ { s/^[^:]*: //p; q; }' /proc/cpuinfo) "
has() { for flag; do case $flags in *" $flag "*) ;; *) missing="$missing $flag" ;; esac; done; [ -z "$missing" ]; }

missing=
if has avx512f avx512bw avx512cd avx512dq avx512vl; then exec "$lib/x86-64-v4/luthier" "$@"; fi
missing=
if has avx avx2 bmi1 bmi2 f16c fma abm movbe; then exec "$lib/x86-64-v3/luthier" "$@"; fi
name=$(sed -n '/^model name/ { s/^[^:]*: //p; q; }' /proc/cpuinfo)
echo "error: this processor, ${name:-whose name is not known}, lacks$missing" >&2
echo 'hint: luthier needs x86-64-v3: Intel processors since Haswell (2013), AMD since Zen (2017)' >&2
exit 1
