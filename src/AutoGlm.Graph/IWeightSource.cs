using AutoGlm.Formats.Tensors;

namespace AutoGlm.Graph;

/// <summary>Where a model's parameters come from. Names are GGUF's (<c>blk.0.attn_q.weight</c>), whatever the file calls them.</summary>
public interface IWeightSource : IDisposable
{
    /// <summary>The file or folder, for error messages.</summary>
    string Location { get; }

    /// <summary>True where the source has the tensor.</summary>
    bool Contains(string name);

    /// <summary>Stamps of the files that hold the tensors: equal ones are of equal content. Null where the system notes too little, or a file has just changed.</summary>
    IReadOnlyList<FileStamp>? Stamps => null;

    /// <summary>The tensor.</summary>
    /// <exception cref="Formats.ModelFormatException">There is none of that name, or it cannot be read.</exception>
    Tensor Get(string name);
}
