namespace AutoGlm.Bench.Cuda;

/// <summary>One quantity of one run.</summary>
/// <param name="Work">What was timed.</param>
/// <param name="Rate">Tokens a second, of all sequences together.</param>
/// <param name="BytesPerToken">Bytes that memory gives for a token; 0 where unknown or arithmetic is the limit.</param>
/// <param name="OperationsPerToken">Floating-point operations of products for a token; 0 where unknown or memory is the limit.</param>
internal sealed record CardRun(string Work, double Rate, double BytesPerToken = 0, double OperationsPerToken = 0)
{
    public static string NameOfPrompt(int tokens) => $"prompt {tokens}";

    public static string NameOfGeneration(int sequences, int depth) => sequences == 1 && depth == 0 ? "one sequence" : $"{sequences} sequences after {depth} tokens";
}
