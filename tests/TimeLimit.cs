using System.Collections.Concurrent;
using System.Reflection;
using AutoGlm.Testing;
using Xunit.v3;

[assembly: TimeLimit]

namespace AutoGlm.Testing;

/// <summary>A test that hangs ends its process, which says on its error stream which test it was.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class TimeLimitAttribute : BeforeAfterTestAttribute
{
    /// <summary>Longer than any test may have to wait for anything.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    private readonly ConcurrentDictionary<string, Timer> _running = [];

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        _running[test.UniqueID] = new Timer(_ => Environment.FailFast($"{test.TestDisplayName} did not end within {Limit.TotalMinutes} minutes."), null, Limit, Timeout.InfiniteTimeSpan);
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (_running.TryRemove(test.UniqueID, out Timer? timer)) timer.Dispose();
    }
}
