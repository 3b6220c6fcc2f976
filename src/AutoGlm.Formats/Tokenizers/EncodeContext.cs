namespace AutoGlm.Formats.Tokenizers;

/// <summary>The scratch memory of one encoding at a time; kept per thread, so that encoding allocates next to nothing.</summary>
internal sealed class EncodeContext
{
    [ThreadStatic]
    private static EncodeContext? t_spare;

    private readonly List<RegexMemory> _memories = [];

    /// <summary>Where token ids go.</summary>
    public List<int> Output { get; private set; } = [];

    public MergeScratch Merge { get; } = new();

    /// <summary>For two symbols of a piece whose others are in <see cref="Merge"/>.</summary>
    public MergeScratch Seam { get; } = new();

    public static EncodeContext Rent(List<int> output)
    {
        EncodeContext context = t_spare ?? new EncodeContext();
        t_spare = null;
        context.Output = output;
        return context;
    }

    public void Return()
    {
        Output = [];
        Merge.Trim();
        Seam.Trim();
        t_spare = this;
    }

    public RegexMemory RegexMemory(int step)
    {
        while (_memories.Count <= step) _memories.Add(new RegexMemory());
        return _memories[step];
    }
}
