#!/usr/bin/env bash
# Tests and benchmarks on a machine with an NVIDIA card, which needs tar and xz, and neither .NET nor a network.
#   bench/gpu.sh pack [OUT]             here: publishes the tests and the benchmarks and packs them with .NET's runtime into OUT (gpu.txz)
#   bench/gpu.sh run PACKED [MODEL...]  there: runs the tests, then prints one table of models: files, or random ones by SHAPE:TYPE
#                                       (8b:Q4_K 8b:Q8_0 8b:BF16 135m:Q4_0 where none is named); fails where a test does
#   bench/gpu.sh all [MODEL...]         both, on one machine
# LLAMA_BENCH names a llama-bench of llama.cpp's CUDA build, with llama-batched-bench beside it, to be measured in turns with ours.
# AUTOGLM_SHARED names the folder of goldens; tests that need it are skipped without it. ROUNDS (3) and TESTS=0 shorten a run.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

pack() {
    local out=$1 work runtime
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    dotnet publish "$root/tests/AutoGlm.Cuda.Tests" -c Release -o "$work/tests" -v quiet
    dotnet publish "$root/bench/AutoGlm.Bench" -c Release -o "$work/bench" -v quiet
    find "$work" \( -name '*.pdb' -o -name '*.xml' -o -name '*.gguf' \) -delete
    # Native parts of charts, which are not drawn there, and of Windows' debuggers.
    rm -rf "$work"/*/runtimes "$work"/bench/{amd64,arm64,x86}
    # Tests find the repository's root by this file, and the kernels' sources below it.
    touch "$work/AutoGlm.slnx"
    mkdir -p "$work/src/AutoGlm.Cuda"
    cp -r "$root/src/AutoGlm.Cuda/Kernels" "$work/src/AutoGlm.Cuda/"
    runtime=$(dirname "$(readlink -f "$(command -v dotnet)")")
    mkdir "$work/dotnet"
    tar -C "$runtime" -cf - dotnet host shared/Microsoft.NETCore.App shared/Microsoft.AspNetCore.App | tar -C "$work/dotnet" -xf -
    tar -C "$work" -cf - . | xz -T0 > "$out"
    rm -r "$work"
    echo "$out: $(du -h "$out" | cut -f1)"
}

run() {
    local packed=$1 work model models files=() failed=0
    shift
    models=("$@")
    [ $# -gt 0 ] || models=(8b:Q4_K 8b:Q8_0 8b:BF16 135m:Q4_0)
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    tar -C "$work" -xJf "$packed"
    export DOTNET_ROOT=$work/dotnet PATH=$work/dotnet:$PATH DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
    [ "${TESTS:-1}" = 0 ] || dotnet exec "$work/tests/AutoGlm.Cuda.Tests.dll" -noColor -noLogo -parallelMode all -preEnumerateTheories | grep -vE '^ *(Discover|Start|Finish)' || failed=1
    for model in "${models[@]}"; do
        if [ -f "$model" ]; then
            files+=("$model")
            continue
        fi
        files+=("$work/${model%%:*}-${model##*:}.gguf")
        dotnet exec "$work/bench/autoglm.dll" synth "${model%%:*}" "${model##*:}" "${files[-1]}" --seed 1
    done
    dotnet exec "$work/bench/AutoGlm.Bench.dll" gpu -m "${files[@]}" --rounds "${ROUNDS:-3}" ${LLAMA_BENCH:+--llama-bench "$LLAMA_BENCH"}
    return $failed
}

case ${1:-} in
pack) pack "${2:-gpu.txz}" ;;
run) shift; run "$@" ;;
all) shift; pack gpu.txz; run gpu.txz "$@" ;;
*) sed -n '2,8s/^# *//p' "$0"; exit 2 ;;
esac
