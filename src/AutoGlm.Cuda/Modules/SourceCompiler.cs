using System.Text;
using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda.Modules;

/// <summary>Makes PTX of CUDA C++ by NVRTC, for those who work on kernels; what ships was made by nvcc.</summary>
internal static unsafe class SourceCompiler
{
    /// <summary>The PTX of a file, without comments, as build.sh leaves it.</summary>
    /// <param name="path">A .cu file; what it includes lies beside it.</param>
    /// <param name="target">80, 90a and the like.</param>
    /// <exception cref="NotSupportedException">NVRTC is not there.</exception>
    /// <exception cref="FormatException">The source is wrong; the compiler's log is in the message.</exception>
    /// <exception cref="CudaException">NVRTC could not do it.</exception>
    public static string Compile(string path, string target)
    {
        Nvrtc.Require();
        Nvrtc.Check(Nvrtc.nvrtcCreateProgram(out nint program, File.ReadAllText(path), Path.GetFileName(path), 0, null, null), nameof(Nvrtc.nvrtcCreateProgram));
        try
        {
            string[] options = ["--gpu-architecture=compute_" + target, "--std=c++17", "--include-path=" + Path.GetDirectoryName(Path.GetFullPath(path))];
            int result = Nvrtc.nvrtcCompileProgram(program, options.Length, options);
            if (result == Nvrtc.CompilationFailed) throw new FormatException($"{path} does not compile for {target}:\n{Log(program)}");
            Nvrtc.Check(result, nameof(Nvrtc.nvrtcCompileProgram));
            return WithoutComments(Ptx(program));
        }
        finally
        {
            Nvrtc.nvrtcDestroyProgram(ref program);
        }
    }

    private static string WithoutComments(string text) => string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("//", StringComparison.Ordinal)));

    private static string Ptx(nint program)
    {
        Nvrtc.Check(Nvrtc.nvrtcGetPTXSize(program, out nuint bytes), nameof(Nvrtc.nvrtcGetPTXSize));
        byte[] text = new byte[(int)bytes];
        fixed (byte* at = text) Nvrtc.Check(Nvrtc.nvrtcGetPTX(program, at), nameof(Nvrtc.nvrtcGetPTX));
        return Text(text);
    }

    private static string Log(nint program)
    {
        Nvrtc.Check(Nvrtc.nvrtcGetProgramLogSize(program, out nuint bytes), nameof(Nvrtc.nvrtcGetProgramLogSize));
        byte[] text = new byte[(int)bytes];
        fixed (byte* at = text) Nvrtc.Check(Nvrtc.nvrtcGetProgramLog(program, at), nameof(Nvrtc.nvrtcGetProgramLog));
        return Text(text);
    }

    /// <summary>Without the zero at its end.</summary>
    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes).TrimEnd('\0');
}
