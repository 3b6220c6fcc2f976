using System.Runtime.CompilerServices;

namespace AutoGlm.Testing;

/// <summary>Tests, and the programs that they start, keep what they make of models apart from what the user's own runs have made.</summary>
internal static class OwnCache
{
    [ModuleInitializer]
    internal static void Use()
    {
        Environment.SetEnvironmentVariable("AUTOGLM_CACHE", Path.Combine(Path.GetTempPath(), "autoglm-tests-" + Environment.UserName));
        // Random models come and go.
        Environment.SetEnvironmentVariable("AUTOGLM_WEIGHT_CACHE_GIB", "1");
    }
}
