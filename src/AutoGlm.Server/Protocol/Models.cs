namespace AutoGlm.Server.Protocol;

/// <summary>The models there are: the one loaded.</summary>
public sealed record ModelList(IReadOnlyList<ModelInfo> Data)
{
    public string Object { get; init; } = "list";
}

/// <summary>A model.</summary>
public sealed record ModelInfo(string Id, long Created, ModelMeta Meta)
{
    public string Object { get; init; } = "model";

    public string OwnedBy { get; init; } = "autoglm";
}

/// <summary>More about a model.</summary>
/// <param name="Architecture">Its family.</param>
/// <param name="Vocabulary">Tokens it knows.</param>
/// <param name="Context">Longest prompt plus answer here, in tokens.</param>
/// <param name="ModelContext">Tokens it was made for.</param>
/// <param name="Layers">Its layers.</param>
/// <param name="Size">Bytes of its files.</param>
/// <param name="Backend">What it runs on.</param>
public sealed record ModelMeta(string Architecture, int Vocabulary, int Context, int ModelContext, int Layers, long Size, string Backend);
