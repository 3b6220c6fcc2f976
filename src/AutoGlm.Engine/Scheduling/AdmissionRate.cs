namespace AutoGlm.Engine.Scheduling;

/// <summary>How fast requests have been taken in of late, to tell whoever is refused when to come again. Any thread may use it.</summary>
internal sealed class AdmissionRate(TimeProvider time)
{
    private const int Remembered = 32;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1), Most = TimeSpan.FromMinutes(10);

    private readonly Queue<long> _times = new(Remembered);
    private readonly Lock _lock = new();

    /// <summary>Notes that a request was taken in.</summary>
    public void Note()
    {
        lock (_lock)
        {
            if (_times.Count == Remembered) _times.Dequeue();
            _times.Enqueue(time.GetTimestamp());
        }
    }

    /// <summary>Time until a tenth of so many waiting requests will have been taken in: room for more than one to come again.</summary>
    public TimeSpan RetryAfter(int waiting)
    {
        lock (_lock)
        {
            if (_times.Count == 0) return Least;
            TimeSpan each = time.GetElapsedTime(_times.Peek()) / _times.Count;
            double seconds = Math.Clamp(each.TotalSeconds * Math.Ceiling(waiting / 10.0), Least.TotalSeconds, Most.TotalSeconds);
            return TimeSpan.FromSeconds(seconds);
        }
    }
}
