using Spectre.Console;

namespace AutoGlm.Cli.Output;

/// <summary>How far a piece of work is, told from any thread and shown by <see cref="RunAsync{T}"/>.</summary>
internal sealed class WorkProgress : IProgress<double>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    private double _fraction;
    private volatile string _label;

    private WorkProgress(string label) => _label = label;

    /// <summary>What is going on now.</summary>
    public string Label
    {
        set => _label = value;
    }

    /// <param name="fraction">0 to 1.</param>
    public void Report(double fraction) => Volatile.Write(ref _fraction, fraction);

    /// <summary>Does work on another thread, with a bar on the error stream where a person looks at it and the work takes a while.</summary>
    public static async Task<T> RunAsync<T>(Terminal terminal, string label, Func<WorkProgress, CancellationToken, T> work, CancellationToken cancellation)
    {
        WorkProgress progress = new(label);
        Task<T> task = Task.Run(() => work(progress, cancellation), cancellation);
        if (terminal.ErrorIsTerminal && await Task.WhenAny(task, Task.Delay(Patience, cancellation)) != task) await progress.ShowAsync(terminal, task);
        return await task;
    }

    private Task ShowAsync(Terminal terminal, Task task) =>
        terminal.ErrorConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask bar = context.AddTask(Markup.Escape(_label), maxValue: 1);
                while (!task.IsCompleted)
                {
                    bar.Value = Volatile.Read(ref _fraction);
                    bar.Description = Markup.Escape(_label);
                    await Task.WhenAny(task, Task.Delay(Refresh));
                }
            });
}
