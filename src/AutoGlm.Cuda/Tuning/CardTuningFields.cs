namespace AutoGlm.Cuda.Tuning;

/// <summary>The fields that a file may set, and their ranges.</summary>
internal static class CardTuningFields
{
    public static readonly IReadOnlyList<CardTuningField> All =
    [
        new("batch_rows", 16, 8192, CardTuningKind.Any, (row, value) => row with { BatchRows = value }),
        // Eight rows are the columns of a tensor-core step.
        new("gemv_rows", 1, Linear.GemvShape.MaxRows, CardTuningKind.Any, (row, value) => row with { GemvRows = value }),
        new("gemv_ring_bytes", 4096, 1 << 20, CardTuningKind.Any, (row, value) => row with { GemvRingBytes = value }),
        // GemvShape knows blocks of 4, 8 and 16 warps, where the kernels' launch bounds end.
        new("gemv_warps", 4, 16, CardTuningKind.PowerOfTwo, (row, value) => row with { GemvWarps = value }),
        new("gemv_splits", 1, 16, CardTuningKind.PowerOfTwo, (row, value) => row with { GemvSplits = value }),
        // The workspace has room for the sums of eight.
        new("gemm_splits", 1, 8, CardTuningKind.Any, (row, value) => row with { GemmSplits = value }),
        new("unsorted_pairs", 0, 256, CardTuningKind.Any, (row, value) => row with { UnsortedPairs = value }),
        new("attention_whole_keys", 16, 1 << 20, CardTuningKind.Any, (row, value) => row with { AttentionWholeKeys = value }),
        new("attention_parts", 1, 1024, CardTuningKind.Any, (row, value) => row with { AttentionParts = value }),
        new("attention_long_part", 16, 1 << 20, CardTuningKind.Any, (row, value) => row with { AttentionLongPart = value }),
        new("attention_few_tiles", 1, 64, CardTuningKind.Any, (row, value) => row with { AttentionFewTiles = value }),
        new("norm_threads", 32, 1024, CardTuningKind.Warps, (row, value) => row with { NormThreads = value }),
        new("norm_threads_of_many", 32, 1024, CardTuningKind.Warps, (row, value) => row with { NormThreadsOfMany = value }),
        new("element_threads", 32, 1024, CardTuningKind.Warps, (row, value) => row with { ElementThreads = value }),
    ];
}
