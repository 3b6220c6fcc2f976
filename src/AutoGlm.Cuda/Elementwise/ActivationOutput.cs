namespace AutoGlm.Cuda.Elementwise;

/// <summary>The form in which a kernel leaves activations for the one that reads them.</summary>
internal enum ActivationOutput
{
    /// <summary>Rows of floats.</summary>
    Single,

    /// <summary>Rows of halves, and of bfloat16.</summary>
    Half,
    Brain,

    /// <summary>What tensor-core matmuls read (linear_operand.cuh), of halves and of bfloat16. The stride is its rows; the width is a multiple of 128.</summary>
    HalfOperand,
    BrainOperand,
}

internal static class ActivationOutputs
{
    /// <summary>How the name of a kernel with that output ends.</summary>
    public static string Suffix(this ActivationOutput output) => output switch
    {
        ActivationOutput.Single => "f32",
        ActivationOutput.Half => "f16",
        ActivationOutput.Brain => "bf16",
        ActivationOutput.HalfOperand => "operand_f16",
        _ => "operand_bf16",
    };
}
