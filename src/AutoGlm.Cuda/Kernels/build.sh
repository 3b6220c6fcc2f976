#!/usr/bin/env bash
# Makes the PTX that ships: for each NAME.cu, Ptx/NAME.80.ptx.gz (compute capability 8.0 and later), Ptx/NAME.90a.ptx.gz
# (Hopper alone) and Ptx/NAME.sources, a hash that a test compares with the sources. A line "// targets: 90a" in NAME.cu
# names other targets than these two.
# usage: build.sh [OUT_DIR [NAME...]]    needs nvcc (CUDA 12.4 or later) and gzip; OUT_DIR is Ptx beside this file where missing
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/Ptx}
mkdir -p "$out"
out=$(cd "$out" && pwd)
shift || true
cd "$here"

# A file and all it includes, each once, in the order a reader meets them.
sources() {
    local file
    case " $seen " in *" $1 "*) return ;; esac
    seen="$seen $1"
    for file in $(sed -n 's/^ *# *include *"\(.*\)".*/\1/p' "$1"); do sources "$file"; done
}

build() {
    local name=$1 target
    seen=""
    sources "$name.cu"
    for target in $(sed -n 's,^// targets: *,,p' "$name.cu" | grep . || echo "80 90a"); do
        nvcc -std=c++17 -O3 --ptx -arch "compute_$target" -o "$out/$name.$target.ptx" "$name.cu"
        # Comments name the compiler's build; without them the text depends on the sources alone. The kernels need no later PTX
        # than that of CUDA 12.3, whatever nvcc writes: drivers since then take it.
        sed -e '/^\/\//d' -e 's/^\.version .*/.version 8.3/' "$out/$name.$target.ptx" | gzip -9n > "$out/$name.$target.ptx.gz"
        rm "$out/$name.$target.ptx"
    done
    # shellcheck disable=SC2086
    cat $seen | sha256sum | cut -d' ' -f1 > "$out/$name.sources"
}

names=${*:-$(ls ./*.cu | sed 's,^\./,,; s,\.cu$,,')}
jobs=()
for name in $names; do
    build "$name" &
    jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
[ $failed = 0 ] && ls -l "$out"
exit $failed
