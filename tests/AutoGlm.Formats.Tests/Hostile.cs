using CsCheck;

namespace AutoGlm.Formats.Tests;

/// <summary>What every reader owes to damaged files: it works, or one <see cref="ModelFormatException"/>, and no huge allocation.</summary>
internal static class Hostile
{
    /// <summary>Opens each proper prefix up to a length; each must be refused.</summary>
    public static void EveryPrefixIsRefused(byte[] whole, int upTo, Func<string, IDisposable> open)
    {
        using var folder = new TempFolder();
        for (int length = 0; length < upTo; length++)
        {
            string path = folder.Write("prefix", whole.AsSpan(0, length));
            var error = Assert.Throws<ModelFormatException>(() => open(path).Dispose());
            Assert.Equal(path, error.File);
        }
    }

    /// <summary>Opens files with a few bytes of their first <paramref name="region"/> changed: any outcome but other exceptions or bloat.</summary>
    public static void DamageIsSurvived(byte[] whole, int region, Func<string, IDisposable> open, int times)
    {
        using var folder = new TempFolder();
        int refused = 0;
        Gen<(int, byte)> change = Gen.Select(Gen.Int[0, region - 1], Gen.OneOf(Gen.Byte, Gen.Int[0, 7].Select(bit => (byte)(0xFF << bit))));
        change.Array[1, 4].Sample(changes =>
        {
            byte[] damaged = [.. whole];
            foreach ((int at, byte value) in changes) damaged[at] = value;
            string path = folder.Write("damaged", damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                open(path).Dispose();
            }
            catch (ModelFormatException)
            {
                refused++;
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 100_000 + 100 * whole.Length, $"{allocated} bytes for a file of {whole.Length}");
        }, iter: times, threads: 1);
        Assert.True(refused > times / 10, $"only {refused} of {times} were refused");
    }
}
