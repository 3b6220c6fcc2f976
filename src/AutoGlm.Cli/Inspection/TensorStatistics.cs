using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cli.Inspection;

/// <summary>What a tensor's values are like.</summary>
/// <param name="Count">Values in all.</param>
/// <param name="Finite">Those that are finite: the others count in nothing below.</param>
/// <param name="NaN">Those that are no number.</param>
/// <param name="Zeros">Those that are 0.</param>
/// <param name="Min">The least; NaN where no value is finite, as are the next three.</param>
/// <param name="Max">The greatest.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="StandardDeviation">Their standard deviation.</param>
/// <param name="Histogram">Values in each of as many ranges of equal width from the least to the greatest.</param>
internal sealed record TensorStatistics(
    long Count,
    long Finite,
    long NaN,
    long Zeros,
    float Min,
    float Max,
    double Mean,
    double StandardDeviation,
    IReadOnlyList<long> Histogram)
{
    private const int Bins = 16;

    public long Infinite => Count - Finite - NaN;

    /// <summary>Reads the tensor twice.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="progress">Told the fraction done, 0 to 1.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static TensorStatistics Of(Tensor tensor, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        long count = 0, finite = 0, nan = 0, zeros = 0;
        float min = float.PositiveInfinity, max = float.NegativeInfinity;
        double mean = 0, squares = 0;
        TensorValues.Read(tensor, values =>
        {
            foreach (float value in values)
            {
                count++;
                if (float.IsNaN(value)) nan++;
                if (!float.IsFinite(value)) continue;
                finite++;
                if (value == 0) zeros++;
                min = Math.Min(min, value);
                max = Math.Max(max, value);
                // Welford's update: sums of squares would cancel where the mean is large.
                double difference = value - mean;
                mean += difference / finite;
                squares += difference * (value - mean);
            }

            cancellation.ThrowIfCancellationRequested();
            progress?.Report((double)count / Math.Max(1, tensor.Length) / 2);
        });
        if (finite == 0) return new TensorStatistics(count, 0, nan, 0, float.NaN, float.NaN, double.NaN, double.NaN, []);

        long[] histogram = Histogramize(tensor, min, max, progress, cancellation);
        return new TensorStatistics(count, finite, nan, zeros, min, max, mean, Math.Sqrt(squares / finite), histogram);
    }

    /// <summary>Where a range of the histogram begins.</summary>
    public double BinStart(int bin) => Min + ((double)Max - Min) * bin / Histogram.Count;

    private static long[] Histogramize(Tensor tensor, float min, float max, IProgress<double>? progress, CancellationToken cancellation)
    {
        long[] bins = new long[min < max ? Bins : 1];
        double scale = min < max ? Bins / ((double)max - min) : 0;
        long count = 0;
        TensorValues.Read(tensor, values =>
        {
            foreach (float value in values)
            {
                if (float.IsFinite(value)) bins[Math.Min(bins.Length - 1, (int)(((double)value - min) * scale))]++;
            }

            cancellation.ThrowIfCancellationRequested();
            count += values.Length;
            progress?.Report(0.5 + (double)count / Math.Max(1, tensor.Length) / 2);
        });
        return bins;
    }
}
