using AutoGlm.Engine.Sampling;
using AutoGlm.Models;

namespace AutoGlm.Engine;

/// <summary>How a model's file recommends that tokens be chosen.</summary>
public static class SamplingDefaults
{
    /// <summary>GGUF's <c>general.sampling.*</c>, or a folder's generation_config.json; plain sampling where the file says nothing.</summary>
    public static SamplingOptions Of(ModelPackage package)
    {
        if (package.Metadata is { } metadata) return SamplingOptions.FromGguf(metadata);
        return package.Folder?.GenerationConfig is { } config ? SamplingOptions.FromGenerationConfig(config) : new SamplingOptions();
    }
}
