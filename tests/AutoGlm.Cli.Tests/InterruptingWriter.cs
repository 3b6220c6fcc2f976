namespace AutoGlm.Cli.Tests;

/// <summary>Output at whose sight the user presses Ctrl-C, once.</summary>
internal sealed class InterruptingWriter : StringWriter
{
    private bool _pressed;

    public Interrupts? Interrupts { get; set; }

    public override void Write(string? value)
    {
        base.Write(value);
        if (_pressed || string.IsNullOrWhiteSpace(value)) return;
        _pressed = true;
        Interrupts?.Raise();
    }
}
