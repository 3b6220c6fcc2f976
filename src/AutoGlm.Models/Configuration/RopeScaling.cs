using AutoGlm.Formats;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Models.Configuration;

/// <summary>How a rotary embedding is stretched past the context it was trained on.</summary>
internal enum RopeScalingKind
{
    None,

    /// <summary>All frequencies divided by the factor (position interpolation, arXiv:2306.15595).</summary>
    Linear,

    /// <summary>Llama 3.1's: long wavelengths divided by the factor, short ones kept, a smooth ramp between.</summary>
    Llama3,

    /// <summary>YaRN (arXiv:2309.00071).</summary>
    Yarn,

    /// <summary>A divisor for each frequency, one list for short and one for long contexts (LongRoPE, arXiv:2402.13753).</summary>
    LongRope,
}

/// <summary>The rotary embedding of one family of layers, as its file states it.</summary>
internal sealed record RopeScaling
{
    public RopeScalingKind Kind { get; init; }

    public required double Theta { get; init; }

    /// <summary>Columns of a head that are rotated.</summary>
    public required int Dimensions { get; init; }

    public double Factor { get; init; } = 1;

    /// <summary>Context the unscaled frequencies were trained on.</summary>
    public double OriginalContext { get; init; }

    /// <summary>Factor on rotated columns, where the file states one.</summary>
    public double? AttentionFactor { get; init; }

    public double BetaFast { get; init; } = 32;

    public double BetaSlow { get; init; } = 1;

    /// <summary>True where YaRN's ramp begins and ends at whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>DeepSeek's mscale; 0 where the file has none.</summary>
    public double Mscale { get; init; }

    /// <summary>DeepSeek's mscale_all_dim; 0 where the file has none.</summary>
    public double MscaleAllDimensions { get; init; }

    public double LowFrequencyFactor { get; init; } = 1;

    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>A divisor for each frequency [Dimensions / 2], where the file states them.</summary>
    public IReadOnlyList<double>? Divisors { get; init; }

    /// <summary>The table backends rotate by.</summary>
    public RopeTable ToTable(RopeLayout layout)
    {
        double[] frequencies = new double[Dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] = Scale(i, Math.Pow(Theta, -2.0 * i / Dimensions));
        return new RopeTable(layout, Array.ConvertAll(frequencies, frequency => (float)frequency), (float)Magnitude);
    }

    /// <summary>Factor on attention's softmax scale that goes with DeepSeek's YaRN.</summary>
    public double SoftmaxFactor =>
        Kind == RopeScalingKind.Yarn && MscaleAllDimensions > 0 ? Math.Pow(YarnMagnitude(MscaleAllDimensions), 2) : 1;

    private double Magnitude => Kind switch
    {
        RopeScalingKind.Yarn when AttentionFactor is { } stated => stated,
        RopeScalingKind.Yarn when Mscale > 0 && MscaleAllDimensions > 0 => YarnMagnitude(Mscale) / YarnMagnitude(MscaleAllDimensions),
        RopeScalingKind.Yarn => YarnMagnitude(1),
        RopeScalingKind.LongRope when AttentionFactor is { } stated => stated,
        RopeScalingKind.LongRope when Factor > 1 => Math.Sqrt(1 + Math.Log(Factor) / Math.Log(OriginalContext)),
        _ => 1,
    };

    private double YarnMagnitude(double mscale) => Factor <= 1 ? 1 : 0.1 * mscale * Math.Log(Factor) + 1;

    private double Scale(int pair, double frequency)
    {
        if (Divisors is not null) frequency /= Divisors[pair];
        return Kind switch
        {
            RopeScalingKind.Linear => frequency / Factor,
            RopeScalingKind.Llama3 => ScaleLlama3(frequency),
            RopeScalingKind.Yarn => ScaleYarn(pair, frequency),
            _ => frequency,
        };
    }

    private double ScaleLlama3(double frequency)
    {
        double wavelength = 2 * Math.PI / frequency;
        double smooth = (OriginalContext / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        double keep = Math.Clamp(smooth, 0, 1);
        return keep * frequency + (1 - keep) * frequency / Factor;
    }

    /// <summary>Pairs that turn often within the original context keep their frequency, those that turn seldom are divided.</summary>
    private double ScaleYarn(int pair, double frequency)
    {
        double low = PairThatTurns(BetaFast), high = PairThatTurns(BetaSlow);
        if (Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, Dimensions - 1);
        if (high == low) high += 0.001;
        double divide = Math.Clamp((pair - low) / (high - low), 0, 1);
        return divide * frequency / Factor + (1 - divide) * frequency;
    }

    /// <summary>The (fractional) pair that makes so many turns within the original context.</summary>
    private double PairThatTurns(double turns) =>
        Dimensions * Math.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(Theta));

    /// <exception cref="ModelFormatException">A number is out of range.</exception>
    public RopeScaling Validate(string location)
    {
        void Require(bool holds, string field, string reason)
        {
            if (!holds) throw new ModelFormatException(location, field, reason);
        }

        Require(double.IsFinite(Theta) && Theta > 1, "rope theta", $"{Theta} should be a finite number over 1");
        Require(Dimensions >= 2 && Dimensions % 2 == 0, "rope dimensions", $"{Dimensions} should be an even number, 2 or more");
        Require(double.IsFinite(Factor) && Factor > 0, "rope scaling factor", $"{Factor} should be a finite number over 0");
        Require(Kind is not (RopeScalingKind.Yarn or RopeScalingKind.Llama3) || OriginalContext >= 1, "rope original context", "this scaling needs the context the model was first trained on");
        Require(Kind != RopeScalingKind.Llama3 || HighFrequencyFactor > LowFrequencyFactor, "rope high_freq_factor", "should be over low_freq_factor");
        Require(Divisors is null || Divisors.Count == Dimensions / 2, "rope factors", $"there should be {Dimensions / 2} of them, one for each pair");
        Require(Divisors is null || Divisors.All(divisor => double.IsFinite(divisor) && divisor > 0), "rope factors", "each should be a finite number over 0");
        return this;
    }
}
