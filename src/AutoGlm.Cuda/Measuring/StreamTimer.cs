namespace AutoGlm.Cuda.Measuring;

/// <summary>Times what is queued on a stream by the card's own clock.</summary>
internal static class StreamTimer
{
    /// <summary>The median in seconds of so many runs, after one that is not timed.</summary>
    public static double Median(CudaStream stream, int repetitions, Action queue)
    {
        using CudaEvent start = new(timing: true), end = new(timing: true);
        double[] seconds = new double[repetitions];
        queue();
        for (int i = 0; i < repetitions; i++)
        {
            start.Record(stream);
            queue();
            end.Record(stream);
            end.Synchronize();
            seconds[i] = end.MillisecondsSince(start) / 1e3;
        }

        Array.Sort(seconds);
        return seconds[repetitions / 2];
    }
}
