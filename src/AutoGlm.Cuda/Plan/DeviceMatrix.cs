namespace AutoGlm.Cuda.Plan;

/// <summary>Matrices [matrices, outputs, inputs] in the card's memory, as the kernels that read them want them.</summary>
internal abstract class DeviceMatrix(int matrices, int outputs, int inputs) : IDisposable
{
    public int Matrices => matrices;

    public int Outputs => outputs;

    public int Inputs => inputs;

    /// <summary>The form in which its products read activations: what <see cref="Operations.Prepare"/> makes for one serves all of a form.</summary>
    public virtual int InputForm => 0;

    public abstract long Bytes { get; }

    public abstract void Dispose();
}
