using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Tensors;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Architectures;
using AutoGlm.Models.Building;
using AutoGlm.Models.Configuration;
using AutoGlm.Models.Weights;

namespace AutoGlm.Models;

/// <summary>
/// A model as people have it, a GGUF file or a Hugging Face folder, opened and checked: its graph, weights, tokenizer and chat
/// template. Weights are mapped, not read; they can be read until the package is disposed.
/// </summary>
public sealed class ModelPackage : IDisposable
{
    private readonly ModelConfig _config;
    private readonly Lazy<Tokenizer> _tokenizer;

    private ModelPackage(string path, Architecture family, ModelConfig config, IWeightSource weights, ComputationGraph graph, Func<int, Tokenizer> tokenizer)
    {
        Path = path;
        Architecture = family.Name;
        _config = config;
        Weights = weights;
        Graph = graph;
        _tokenizer = new Lazy<Tokenizer>(() => tokenizer(Math.Min(Vocabulary, EmbeddedTokens)));
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>The model's name for people: what the file says, else the file's own name.</summary>
    public required string Name { get; init; }

    /// <summary>The family, as <see cref="Architecture"/> names it: llama, glm4 …</summary>
    public string Architecture { get; }

    /// <summary>Bytes of the file or all weight files.</summary>
    public required long FileBytes { get; init; }

    /// <summary>The forward pass as the model's definition builds it, before any pass.</summary>
    public ComputationGraph Graph { get; }

    public IWeightSource Weights { get; }

    /// <summary>The GGUF file's metadata; null for a folder.</summary>
    public GgufMetadata? Metadata => GgufFile?.Metadata;

    /// <summary>The GGUF file; null for a folder.</summary>
    public GgufFile? GgufFile { get; private init; }

    /// <summary>The folder; null for a GGUF file.</summary>
    public HuggingFaceFolder? Folder { get; private init; }

    /// <summary>The tokenizer, made when first asked for. The model may have more rows than it has tokens (many are padded), never fewer.</summary>
    /// <exception cref="ModelFormatException">The file has none, or an unsound one, or one that needs more tokens than the model has rows.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>What people should know of the model's files, a sentence or two each; of its tokenizer once that was made.</summary>
    public IReadOnlyList<string> Notices => _tokenizer.IsValueCreated && Tokenizer.Notice is { } notice ? [notice] : [];

    /// <summary>Source of the chat template; null where there is none.</summary>
    public required string? ChatTemplate { get; init; }

    /// <summary>Tokens the model was made for.</summary>
    public int ModelContext => _config.ModelContext;

    /// <summary>Tokens the graph was built for.</summary>
    public int Context => _config.Context;

    public int Layers => _config.Layers;

    /// <summary>Token ids the model knows: columns of its logits.</summary>
    public int Vocabulary => Graph[Graph.Output].Width;

    private int EmbeddedTokens => (int)Graph.Nodes.OfType<Embed>().First().Table.Shape[0];

    /// <summary>32 bytes that name the model's settings and weights: equal for equal files, whatever their path.</summary>
    /// <param name="content">Names all weights by all of their bytes; empty where nobody has read them all.</param>
    /// <remarks>
    /// Hashes every node of the graph with its settings, every tensor's name, type and shape, and the content; where that is not known,
    /// a sample of each tensor's rows.
    /// </remarks>
    public byte[] ComputeFingerprint(ReadOnlySpan<byte> content = default)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Architecture} {Context} {_config.Epsilon}"));
        foreach (Weight weight in Graph.Weights)
        {
            Tensor tensor = Weights.Get(weight.Name);
            hash.AppendData(Encoding.UTF8.GetBytes($"{weight.Name} {tensor.Type} {string.Join(',', tensor.Shape)}"));
            if (content.IsEmpty) AppendSample(hash, tensor);
        }

        foreach (Node node in Graph.Nodes) hash.AppendData(Encoding.UTF8.GetBytes(node.ToString()));
        foreach (Rope rope in Graph.Nodes.OfType<Rope>().DistinctBy(rope => rope.Table))
            hash.AppendData(Encoding.UTF8.GetBytes($"{rope.Table.Layout} {rope.Table.Magnitude} {string.Join(',', rope.Table.InverseFrequencies)}"));
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }

    /// <param name="path">A .gguf file (any part of a split one), or a Hugging Face folder.</param>
    /// <param name="context">Tokens the model will be used with; what it was made for where null.</param>
    /// <param name="fullPrecision">True for weights as float32, whatever the file stores.</param>
    /// <exception cref="ModelFormatException">It is no model, an unsound one, or of an architecture unknown here.</exception>
    public static ModelPackage Open(string path, int? context = null, bool fullPrecision = false)
    {
        if (context is < 1) throw new ArgumentOutOfRangeException(nameof(context), context, "The context should be at least 1 token.");
        if (Directory.Exists(path)) return OpenFolder(path, context, fullPrecision);
        if (!File.Exists(path)) throw new ModelFormatException(path, "path", "there is no such file or folder; name a .gguf file or a Hugging Face folder");
        return OpenGguf(path, context, fullPrecision);
    }

    public void Dispose() => Weights.Dispose();

    private static void AppendSample(IncrementalHash hash, Tensor tensor)
    {
        hash.AppendData(tensor.Rows(0, 1));
        hash.AppendData(tensor.Rows(tensor.RowCount / 2, 1));
        hash.AppendData(tensor.Rows(tensor.RowCount - 1, 1));
        tensor.Discard();
    }

    private static ModelPackage OpenGguf(string path, int? context, bool fullPrecision)
    {
        GgufFile file = Formats.Gguf.GgufFile.Open(path);
        try
        {
            GgufHyperparameters settings = new(file.Metadata);
            Architecture family = Architectures.Architecture.Find(path, settings.ArchitectureName, huggingFace: false);
            IWeightSource weights = Held(new GgufWeights(file), fullPrecision);
            ModelConfig config = new(settings, weights, context);
            ComputationGraph graph = family.Build(new DecoderBuilder(config, weights, family.GgufRope, family.Name));
            return new ModelPackage(path, family, config, weights, graph, rows => TokenizerFactory.FromGguf(file.Metadata, path, rows))
            {
                Name = file.Metadata.GetStringOrDefault("general.name") ?? System.IO.Path.GetFileNameWithoutExtension(path),
                FileBytes = file.FileBytes,
                ChatTemplate = file.Metadata.GetStringOrDefault("tokenizer.chat_template"),
                GgufFile = file,
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static ModelPackage OpenFolder(string path, int? context, bool fullPrecision)
    {
        HuggingFaceFolder folder = HuggingFaceFolder.Open(path);
        try
        {
            HuggingFaceHyperparameters settings = new(folder.ConfigPath, folder.Config);
            RejectQuantizedFolder(settings, folder.Config);
            Architecture family = Architectures.Architecture.Find(folder.ConfigPath, settings.ArchitectureName, huggingFace: true);
            RejectOtherActivation(settings, family);
            IWeightSource weights = Held(new HuggingFaceWeights(folder, settings, family), fullPrecision);
            ModelConfig config = new(settings, weights, context);
            ComputationGraph graph = family.Build(new DecoderBuilder(config, weights, family.HuggingFaceRope, family.Name));
            return new ModelPackage(path, family, config, weights, graph, rows => TokenizerFactory.FromHuggingFace(folder, rows))
            {
                Name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path))),
                FileBytes = folder.FileBytes,
                ChatTemplate = folder.ChatTemplate,
                Folder = folder,
            };
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static IWeightSource Held(IWeightSource stored, bool fullPrecision) => fullPrecision ? new FullPrecisionWeights(stored) : stored;

    /// <summary>A family's graph has its activation; a model of another one would be computed wrongly.</summary>
    private static void RejectOtherActivation(Hyperparameters settings, Architecture family)
    {
        string field = settings.FindString("", "hidden_activation") is null ? "hidden_act" : "hidden_activation";
        string? stated = settings.FindString("", field);
        if (stated is null || family.Activations.Contains(stated)) return;
        throw new ModelFormatException(settings.Location, field, $"'{stated}' is not supported in {family.Name}; there is {string.Join(", ", family.Activations)}");
    }

    /// <summary>GPTQ, AWQ, FP8 and the like store other tensors than the graph asks for; say so at once.</summary>
    private static void RejectQuantizedFolder(Hyperparameters settings, JsonElement config)
    {
        string? method = settings.FindString("", "quantization_config.quant_method");
        if (method is null or "mxfp4") return;
        throw new ModelFormatException(settings.Location, "quantization_config", $"weights quantised by '{method}' are not supported; use the original weights, or a GGUF file");
    }
}
