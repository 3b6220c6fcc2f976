namespace AutoGlm.Cuda.Tests;

/// <summary>The card that tests of kernels run on.</summary>
internal static class Gpu
{
    /// <summary>Opens the first card; skips the running test, saying why, where there is none.</summary>
    public static CudaDevice Open()
    {
        int count = CudaDevice.Count(out string reason);
        Assert.SkipUnless(count > 0, "needs an NVIDIA card: " + reason);
        return CudaDevice.Open();
    }
}
