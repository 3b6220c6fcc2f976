using AutoGlm.Cuda.Memory;

namespace AutoGlm.Cuda.Tests;

public class CudaDeviceTests
{
    [Fact]
    public void Without_a_card_the_error_says_why()
    {
        Assert.SkipUnless(CudaDevice.Count(out string reason) == 0, "there is a card");

        Assert.NotEmpty(reason);
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => CudaDevice.Open());
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void A_card_tells_what_it_is()
    {
        using CudaDevice device = Gpu.Open();

        Assert.NotEmpty(device.Name);
        Assert.True(device.Multiprocessors > 0 && device.TotalBytes > 1 << 30 && device.FreeBytes > 0 && device.FreeBytes <= device.TotalBytes);
    }

    [Fact]
    public void Too_little_memory_is_an_error_that_says_how_much_is_needed_and_free()
    {
        using CudaDevice device = Gpu.Open();

        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => new DeviceBuffer(device, 4L << 40, "a test"));
        Assert.Matches(@"a test: needs 4398\.047 GB, the card has [0-9.]+ GB free of [0-9.]+ GB\. ", error.Message);
    }

    [Theory]
    [InlineData("8.0", "12.3", null)]
    [InlineData("9.0", "13.0", null)]
    [InlineData("7.5", "13.0", "compute capability 7.5; the kernels need 8.0")]
    [InlineData("8.9", "12.2", "CUDA 12.2; the kernels need one for CUDA 12.3 or later")]
    public void A_card_or_driver_that_is_too_old_is_refused(string capability, string driver, string? expected)
    {
        string? refusal = CudaDevice.Refusal("A card", new Version(capability), new Version(driver));

        if (expected is null) Assert.Null(refusal);
        else Assert.Contains(expected, refusal);
    }

    [Fact]
    public void A_card_that_is_not_there_is_named()
    {
        using CudaDevice device = Gpu.Open();

        Assert.Contains("99", Assert.Throws<NotSupportedException>(() => CudaDevice.Open(99)).Message);
    }
}
