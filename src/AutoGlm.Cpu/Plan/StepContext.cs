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

    /// <summary>Rows that want logits.</summary>
    public int* SelectedRows;

    /// <summary>The batch's sequences and their blocks.</summary>
    public QueryRows* Sequences;

    public int SequenceCount;

    public int RowsOf(RowSpace space) => space == RowSpace.Tokens ? TokenRows : LogitRows;
}
