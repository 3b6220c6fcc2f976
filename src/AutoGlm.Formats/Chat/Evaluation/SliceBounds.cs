using System.Numerics;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>The three parts of a slice; each may be None, negative, or far outside.</summary>
internal readonly struct SliceBounds
{
    private readonly long? _start, _stop;
    private readonly long _step;

    public SliceBounds(object? start, object? stop, object? step)
    {
        IsValid = Read(start, out _start) & Read(stop, out _stop) & Read(step, out long? stride);
        _step = stride ?? 1;
        if (IsValid && _step == 0) throw TemplateError.Value("slice step cannot be zero");
    }

    /// <summary>All three are integers or None.</summary>
    public bool IsValid { get; }

    /// <summary>True where the slice is one run of neighbours.</summary>
    public bool TryRun(int length, out int start, out int count)
    {
        (long first, long end) = Clamp(length);
        start = (int)Math.Max(0, first);
        count = (int)Math.Max(0, end - first);
        return _step == 1;
    }

    /// <summary>The indices the slice takes from a sequence of a length.</summary>
    public int[] Indices(int length)
    {
        (long first, long end) = Clamp(length);
        long count = _step > 0 ? (end - first + _step - 1) / _step : (first - end - _step - 1) / -_step;
        var indices = new int[Math.Max(0, count)];
        for (int i = 0; i < indices.Length; i++) indices[i] = (int)(first + i * _step);
        return indices;
    }

    private (long First, long End) Clamp(int length)
    {
        long lowest = _step > 0 ? 0 : -1, highest = _step > 0 ? length : length - 1;
        long first = _start is { } start ? Math.Clamp(start < 0 ? start + length : start, lowest, highest) : _step > 0 ? lowest : highest;
        long end = _stop is { } stop ? Math.Clamp(stop < 0 ? stop + length : stop, lowest, highest) : _step > 0 ? highest : lowest;
        return (first, end);
    }

    private static bool Read(object? value, out long? number)
    {
        bool isInteger = Types.IsInteger(value, out BigInteger integer);
        number = isInteger ? (long)BigInteger.Clamp(integer, int.MinValue, int.MaxValue) : null;
        return isInteger || value is null;
    }
}
