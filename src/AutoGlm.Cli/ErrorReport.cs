using AutoGlm.Cli.Output;
using AutoGlm.Cuda.Bindings;
using AutoGlm.Engine;
using AutoGlm.Formats;
using AutoGlm.Formats.Chat;
using Spectre.Console;

namespace AutoGlm.Cli;

/// <summary>What went wrong, as one line and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Set to 1 for stack traces.</summary>
    public const string TraceVariable = "AUTOGLM_TRACE";

    /// <summary>Runs a command; whatever it throws becomes one line on the error stream.</summary>
    public static async Task<int> GuardAsync(Terminal terminal, Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (OperationCanceledException) when (terminal.Interrupts.Token.IsCancellationRequested)
        {
            terminal.Note("interrupted");
            return terminal.Interrupts.ExitCode;
        }
        catch (Exception error)
        {
            Write(terminal, Describe(error));
            if (Environment.GetEnvironmentVariable(TraceVariable) == "1") terminal.Error.WriteLine(error);
            return error is UsageException ? ExitCode.Usage : ExitCode.Failed;
        }
    }

    /// <summary>One line: <c>error: MESSAGE</c>.</summary>
    public static void Write(Terminal terminal, string message)
    {
        terminal.ErrorConsole.Markup("[red]error:[/] ");
        // Not through the console, which would wrap what scripts want as one line.
        terminal.Error.WriteLine(PlainText.OneLine(message));
    }

    /// <summary>What an error says to users.</summary>
    public static string Describe(Exception error) => error switch
    {
        UsageException or CommandFailure or ModelFormatException or ContextLengthException or ChatTemplateException => error.Message,
        IOException or UnauthorizedAccessException or InsufficientMemoryException or NotSupportedException or InvalidOperationException or CudaException => error.Message,
        ArgumentException argument => WithoutParameter(argument),
        OutOfMemoryException => "there is not enough memory; ask for a shorter context (--ctx) or a smaller model",
        AggregateException { InnerException: { } inner } => Describe(inner),
        _ => $"{error.GetType().Name}: {error.Message} (this is a fault of the program; {TraceVariable}=1 shows where)",
    };

    /// <summary>.NET ends such messages with the parameter's name, which is no help to users.</summary>
    private static string WithoutParameter(ArgumentException error)
    {
        int end = error.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return end < 0 ? error.Message : error.Message[..end];
    }
}
