using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>What all steps of one run share. Written before the team starts; read-only while it runs.</summary>
internal sealed unsafe class StepContext
{
    public int TokenRows;

    public int LogitRows;

    /// <summary>Token id and position of each row.</summary>
    public int* Tokens, Positions;

    /// <summary>Rows that came with the batch, one after another.</summary>
    public float* Inputs;

    /// <summary>Rows that want logits.</summary>
    public int* SelectedRows;

    /// <summary>The batch's sequences and their blocks.</summary>
    public QueryRows* Sequences;

    public int SequenceCount;

    /// <summary>True where each sequence has one row: row n is the n-th sequence's.</summary>
    public bool SingleRows;

    public int RowsOf(RowSpace space) => space == RowSpace.Tokens ? TokenRows : LogitRows;
}
