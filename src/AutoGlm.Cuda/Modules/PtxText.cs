using System.Text;

namespace AutoGlm.Cuda.Modules;

/// <summary>
/// A PTX module cut into its kernels. Each can be compiled with what the module declares beside kernels and without the other
/// kernels, so that a model pays only for the kernels it runs.
/// </summary>
internal sealed class PtxText
{
    private readonly string _preamble;
    private readonly Dictionary<string, string> _kernels = new(StringComparer.Ordinal);

    private PtxText(string preamble) => _preamble = preamble;

    public IReadOnlyCollection<string> Kernels => _kernels.Keys;

    /// <exception cref="FormatException">It is no PTX as nvcc writes it.</exception>
    public static PtxText Parse(string text)
    {
        StringBuilder preamble = new();
        List<(string Name, string Text)> kernels = [];
        StringBuilder? kernel = null;
        int depth = 0;
        foreach (string line in text.Split('\n'))
        {
            if (kernel is null && depth == 0 && IsEntry(line, out string name))
            {
                kernel = new StringBuilder();
                kernels.Add((name, ""));
            }

            (kernel ?? preamble).Append(line).Append('\n');
            // Braces in comments and strings: nvcc writes none but in balanced pairs.
            int before = depth;
            foreach (char c in line) depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth < 0) throw new FormatException("A brace closes that was not open.");
            if (kernel is null || depth != 0 || before == 0) continue;
            kernels[^1] = (kernels[^1].Name, kernel.ToString());
            kernel = null;
        }

        if (kernel is not null) throw new FormatException($"Kernel {kernels[^1].Name} does not end.");
        PtxText result = new(preamble.ToString());
        foreach ((string name, string body) in kernels) result._kernels.Add(name, body);
        return result;
    }

    /// <summary>The PTX of one kernel alone.</summary>
    public string Of(string kernel) => _preamble + _kernels[kernel];

    private static bool IsEntry(string line, out string name)
    {
        const string Word = ".entry ";
        int at = line.IndexOf(Word, StringComparison.Ordinal);
        name = "";
        if (at < 0 || line.TrimStart().StartsWith("//", StringComparison.Ordinal)) return false;
        name = line[(at + Word.Length)..].Split('(')[0].Trim();
        return name.Length > 0;
    }
}
