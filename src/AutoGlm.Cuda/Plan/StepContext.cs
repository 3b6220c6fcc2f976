using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Plan;

/// <summary>What all steps of one run share: the batch, as kernels find it in the card's memory.</summary>
internal sealed class StepContext
{
    public required CudaStream Stream { get; init; }

    /// <summary>Rows of the batch. In a captured graph, rows up to a multiple: those at the end are none, and have position -1.</summary>
    public int TokenRows { get; set; }

    /// <summary>Rows that want logits.</summary>
    public int LogitRows { get; set; }

    /// <summary><see cref="Sampling.SamplingRow"/> [logit rows]: how tokens are chosen; 0 where they are not.</summary>
    public nint Choices { get; set; }

    /// <summary>int [token rows]: token ids. What is chosen by the rows of logits goes there too.</summary>
    public nint Tokens { get; set; }

    /// <summary>int [token rows]: positions in the rows' sequences.</summary>
    public nint Positions { get; set; }

    /// <summary>int [token rows]: where the block table of the row's sequence begins in <see cref="Tables"/>.</summary>
    public nint RowTables { get; set; }

    /// <summary>int [logit rows]: rows that want logits.</summary>
    public nint SelectedRows { get; set; }

    /// <summary>int: the sequences' block tables, one after another.</summary>
    public nint Tables { get; set; }

    /// <summary>Address of KV block 0; the others follow.</summary>
    public nint Kv { get; set; }

    public KvLayout? KvLayout { get; set; }

    public KvLayout Layout => KvLayout ?? throw new InvalidOperationException("No KV memory is bound.");

    /// <summary>Rows of the CUDA graph that is being captured; 0 where none is.</summary>
    public int GraphRows { get; set; }

    /// <summary>The most tiles of attention in the batches that a captured graph is for.</summary>
    public int GraphTiles { get; set; }

    public int RowsOf(RowSpace space) => space == RowSpace.Tokens ? TokenRows : LogitRows;
}
