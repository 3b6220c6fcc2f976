#!/usr/bin/env bash
# Tests and benchmarks on a machine with an NVIDIA card, which needs neither .NET nor a network.
#   bench/gpu.sh pack [OUT]             here: publishes the tests and the command line and packs them with .NET's runtime into OUT (gpu.tgz)
#   bench/gpu.sh run PACKED [MODEL...]  there: runs the tests, then times SHAPE:TYPE models (8b:Q4_K_M 8b:Q8_0 8b:BF16 where none is named)
#   bench/gpu.sh all [MODEL...]         both, on one machine
# AUTOGLM_SHARED names the folder of goldens; tests that need it are skipped without it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

pack() {
    local out=$1 work runtime
    work=$(mktemp -d)
    dotnet publish "$root/tests/AutoGlm.Cuda.Tests" -c Release -o "$work/tests" -v quiet
    dotnet publish "$root/src/AutoGlm.Cli" -c Release -o "$work/cli" -v quiet
    find "$work" \( -name '*.pdb' -o -name '*.xml' -o -name '*.gguf' \) -delete
    # Tests find the repository's root by this file.
    touch "$work/AutoGlm.slnx"
    runtime=$(dirname "$(readlink -f "$(command -v dotnet)")")
    mkdir "$work/dotnet"
    tar -C "$runtime" -cf - dotnet host shared/Microsoft.NETCore.App shared/Microsoft.AspNetCore.App | tar -C "$work/dotnet" -xf -
    tar -C "$work" -czf "$out" .
    rm -r "$work"
    echo "$out: $(du -h "$out" | cut -f1)"
}

run() {
    local packed=$1 work model models
    shift
    models=("$@")
    [ $# -gt 0 ] || models=(8b:Q4_K_M 8b:Q8_0 8b:BF16)
    work=$(mktemp -d)
    tar -C "$work" -xzf "$packed"
    export DOTNET_ROOT=$work/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
    "$work/dotnet/dotnet" exec "$work/tests/AutoGlm.Cuda.Tests.dll" -noColor -class- '*KernelBundleTests' | tail -20
    nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
    for model in "${models[@]}"; do
        "$work/dotnet/dotnet" exec "$work/cli/autoglm.dll" synth "${model%%:*}" "${model##*:}" "$work/model.gguf"
        "$work/dotnet/dotnet" exec "$work/cli/autoglm.dll" bench -m "$work/model.gguf" --device cuda --pp 2048 --tg 128 --batch 1,8,128
    done
    rm -r "$work"
}

case ${1:-} in
pack) pack "${2:-gpu.tgz}" ;;
run) shift; run "$@" ;;
all) shift; pack gpu.tgz; run gpu.tgz "$@" ;;
*) sed -n '2,6s/^# *//p' "$0"; exit 2 ;;
esac
