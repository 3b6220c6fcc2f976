using System.Text;

namespace AutoGlm.KvCache;

/// <summary>The keys before tenants' first blocks, under one model and block layout: where tenants part.</summary>
/// <param name="modelFingerprint">Names the model's weights.</param>
/// <param name="layout">Names the block layout and its version.</param>
public sealed class RootKeys(byte[] modelFingerprint, byte[] layout)
{
    /// <summary>A tenant's key; the empty name is whoever belongs to none.</summary>
    public BlockKey Of(string tenant) => BlockKey.Root(modelFingerprint, layout, Encoding.UTF8.GetBytes(tenant));
}
