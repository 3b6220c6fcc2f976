using System.Diagnostics;
using System.Text;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;

namespace AutoGlm.Cli.Generation;

/// <summary>Shows an answer while it comes.</summary>
internal static class AnswerStream
{
    /// <summary>Reads an answer to its end, or to where it is interrupted, which is no error.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="request">What to answer.</param>
    /// <param name="output">Gets the text as it comes; null to show nothing.</param>
    /// <param name="clean">True where the output is a terminal, which the text must not steer.</param>
    /// <param name="cancellation">Interrupts the answer.</param>
    public static async Task<Answer> ReadAsync(InferenceEngine engine, GenerationRequest request, TextWriter? output, bool clean, CancellationToken cancellation)
    {
        List<GenerationChunk> chunks = [];
        StringBuilder text = new();
        long asked = Stopwatch.GetTimestamp(), first = 0, last = asked;
        try
        {
            await foreach (GenerationChunk chunk in engine.GenerateAsync(request, cancellation))
            {
                last = Stopwatch.GetTimestamp();
                if (first == 0) first = last;
                chunks.Add(chunk);
                text.Append(chunk.Text);
                if (output is null || chunk.Text.Length == 0) continue;
                output.Write(clean ? PlainText.Clean(chunk.Text) : chunk.Text);
                output.Flush();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }

        GenerationChunk? end = chunks.LastOrDefault(chunk => chunk.Statistics is not null);
        if (first == 0) first = last = Stopwatch.GetTimestamp();
        GenerationStatistics statistics = end?.Statistics ?? new GenerationStatistics(
            request.Prompt.Count, 0, chunks.Count, TimeSpan.Zero, Stopwatch.GetElapsedTime(asked, first), Stopwatch.GetElapsedTime(first, last));
        return new Answer(text.ToString(), chunks, end?.FinishReason, statistics);
    }
}
