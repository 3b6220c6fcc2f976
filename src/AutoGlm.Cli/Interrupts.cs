using System.Runtime.InteropServices;

namespace AutoGlm.Cli;

/// <summary>
/// Ctrl-C and termination as cancellation. Ctrl-C ends the innermost <see cref="Scope"/> there is, else the whole command;
/// a second one while the command is already ending kills the process.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    /// <summary>What a shell reports of a command ended by Ctrl-C: 128 and the signal's number.</summary>
    public const int InterruptedExitCode = 130;

    private const int TerminatedExitCode = 143;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _command = new();
    private readonly Stack<CancellationTokenSource> _scopes = [];
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Cancelled when the whole command should end.</summary>
    public CancellationToken Token => _command.Token;

    /// <summary>Exit code of a command that ended so.</summary>
    public int ExitCode { get; private set; } = InterruptedExitCode;

    /// <summary>True where the process was told to end, rather than interrupted by Ctrl-C.</summary>
    public bool WasTerminated => ExitCode == TerminatedExitCode;

    /// <summary>Listens to the process's signals.</summary>
    public void Listen()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = Raise()));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = Terminate()));
    }

    /// <summary>What Ctrl-C does; false where the command was ending already.</summary>
    public bool Raise()
    {
        CancellationTokenSource source;
        lock (_lock) source = _scopes.Count > 0 && !_scopes.Peek().IsCancellationRequested ? _scopes.Peek() : _command;
        if (source.IsCancellationRequested) return false;
        source.Cancel();
        return true;
    }

    /// <summary>A part of the command that Ctrl-C ends alone.</summary>
    public Scope Begin() => new(this);

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _command.Dispose();
    }

    private bool Terminate()
    {
        if (_command.IsCancellationRequested) return false;
        ExitCode = TerminatedExitCode;
        _command.Cancel();
        return true;
    }

    /// <summary>Lasts until it is disposed; scopes end in the reverse of the order they began in.</summary>
    internal sealed class Scope : IDisposable
    {
        private readonly Interrupts _owner;
        private readonly CancellationTokenSource _source;

        public Scope(Interrupts owner)
        {
            _owner = owner;
            _source = CancellationTokenSource.CreateLinkedTokenSource(owner.Token);
            lock (owner._lock) owner._scopes.Push(_source);
        }

        public CancellationToken Token => _source.Token;

        public void Dispose()
        {
            lock (_owner._lock) _owner._scopes.Pop();
            _source.Dispose();
        }
    }
}
