namespace AutoGlm.KvCache.Tests;

/// <summary>Eviction policies by definition: a list that is searched.</summary>
internal sealed class PolicyModel(string policy, int capacity, double ttl)
{
    private readonly List<Entry> _entries = [];
    private long _age, _clock;

    private sealed class Entry
    {
        public int Content, Priority;
        public long LastUse, Uses, Frequency;
        public double Expires, PriorityUntil;
    }

    /// <summary>Uses some content, making room for it where it is not there.</summary>
    /// <returns>True where it was there.</returns>
    public bool Use(int content, CacheRetention wish, double now)
    {
        Entry? entry = _entries.Find(entry => entry.Content == content);
        bool hit = entry is not null;
        if (entry is null)
        {
            if (_entries.Count == capacity) MakeRoom(now);
            _entries.Add(entry = new Entry { Content = content });
        }

        entry.Uses++;
        entry.LastUse = ++_clock;
        entry.Frequency = _age + entry.Uses;
        double own = wish.Ttl?.TotalSeconds ?? (policy.Contains("ttl") ? ttl : double.PositiveInfinity);
        entry.Expires = Math.Max(entry.Expires, now + own);
        if (entry.Priority == 0 || entry.PriorityUntil <= now || wish.Priority >= entry.Priority)
            (entry.Priority, entry.PriorityUntil) = (wish.Priority, now + (wish.Ttl?.TotalSeconds ?? ttl));
        return hit;
    }

    /// <summary>Gives up all that has expired.</summary>
    public void Sweep(double now)
    {
        _entries.RemoveAll(entry => entry.Expires <= now);
        EndPriorities(now);
    }

    private void MakeRoom(double now)
    {
        Entry? expired = _entries.Where(entry => entry.Expires <= now).MinBy(entry => entry.Expires);
        if (expired is not null)
        {
            _entries.Remove(expired);
            return;
        }

        EndPriorities(now);
        Entry first = policy switch
        {
            "lfu" => _entries.OrderBy(entry => entry.Priority).ThenBy(entry => entry.Frequency).ThenBy(entry => entry.LastUse).First(),
            "ttl" => _entries.OrderBy(entry => entry.Priority).ThenBy(entry => entry.Expires).ThenBy(entry => entry.LastUse).First(),
            _ => _entries.OrderBy(entry => entry.Priority).ThenBy(entry => entry.LastUse).First(),
        };
        _age = Math.Max(_age, first.Frequency);
        _entries.Remove(first);
    }

    private void EndPriorities(double now)
    {
        foreach (Entry entry in _entries.Where(entry => entry.Priority != 0 && entry.PriorityUntil <= now))
        {
            entry.Priority = 0;
            entry.Frequency = _age + entry.Uses;
        }
    }
}
