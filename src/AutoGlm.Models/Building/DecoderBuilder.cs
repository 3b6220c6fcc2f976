using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Configuration;

namespace AutoGlm.Models.Building;

/// <summary>
/// The vocabulary architectures are written in. Each call appends nodes; each parameter named is checked against the file,
/// so that a wrong shape is found here and not in a kernel.
/// </summary>
internal sealed class DecoderBuilder(ModelConfig config, IWeightSource weights, RopeLayout ropeLayout, string name)
{
    private readonly List<Node> _nodes = [];
    private int _attentions;

    public ModelConfig Config => config;

    public RopeLayout RopeLayout => ropeLayout;

    public bool Has(string weight) => weights.Contains(weight);

    public int WidthOf(Value x) => _nodes[x.Index].Width;

    /// <summary>The rows of <c>token_embd.weight</c> for the batch's tokens.</summary>
    /// <exception cref="ModelFormatException">The file's settings speak of another vocabulary.</exception>
    public Value Embed()
    {
        Weight table = Matrix("token_embd.weight", null, config.Hidden);
        if (config.Settings.FindInteger("vocab_size", "vocab_size") is { } stated && stated != table.Shape[0])
            throw config.Settings.Invalid("vocab_size", "vocab_size", $"is {stated}, but token_embd.weight has {table.Shape[0]} rows, one a token; convert the model again, or set it to {table.Shape[0]}");
        return Append(new Embed(table) { Width = config.Hidden });
    }

    public Value Add(Value a, Value b) => Append(new Add(a, b) { Width = WidthOf(a) });

    public Value Multiply(Value a, Value b) => Append(new Multiply(a, b) { Width = WidthOf(a) });

    public Value Scale(Value x, float factor) => factor == 1 ? x : Append(new Scale(x, factor) { Width = WidthOf(x) });

    public Value Activate(Value x, ActivationKind kind) => Append(new Activate(x, kind) { Width = WidthOf(x) });

    public Value ClampedSwiGlu(Value gate, Value up, float alpha, float limit) =>
        Append(new ClampedSwiGlu(gate, up, alpha, limit) { Width = WidthOf(gate) });

    public Value Slice(Value x, int offset, int width, int groups = 1) =>
        Append(new Slice(x, groups, offset) { Width = groups * width });

    public Value Concat(Value a, Value b, int groups = 1) =>
        Append(new Concat(a, b, groups) { Width = WidthOf(a) + WidthOf(b) });

    /// <summary>RMSNorm over whole rows, or over each group of columns.</summary>
    public Value Norm(Value x, string gain, int? groupSize = null)
    {
        int size = groupSize ?? WidthOf(x);
        return Append(new RmsNorm(x, Vector(gain, size), config.Epsilon, size) { Width = WidthOf(x) });
    }

    /// <summary>x·Wᵀ, plus the bias if the file has one. <paramref name="prefix"/> is the weight's name without <c>.weight</c>.</summary>
    public Value Linear(Value x, string prefix, int outputs)
    {
        Weight? bias = Has(prefix + ".bias") ? Vector(prefix + ".bias", outputs) : null;
        return Append(new MatMul(x, Matrix(prefix + ".weight", outputs, WidthOf(x)), bias) { Width = outputs });
    }

    /// <summary>Each head's columns by its own matrix of W [heads, outputs, inputs].</summary>
    public Value HeadLinear(Value x, string weight, int heads, int outputs) =>
        Append(new HeadMatMul(x, Checked(weight, heads, outputs, WidthOf(x) / heads)) { Width = heads * outputs });

    public Value Rope(Value x, int headSize, RopeTable table) =>
        table.Dimensions <= headSize
            ? Append(new Rope(x, headSize, table) { Width = WidthOf(x) })
            : throw config.Settings.Invalid("rope.dimension_count", "partial_rotary_factor", $"{table.Dimensions} rotated columns do not fit heads of {headSize}");

    /// <summary>Attention; the layer's place in the KV cache is that of the call.</summary>
    public Value Attention(Value q, Value k, Value? v, AttentionShape shape) =>
        Append(new Attention(q, k, v, shape with { Layer = _attentions++ }) { Width = shape.Heads * shape.ValueSize });

    /// <summary>Chooses a row's experts.</summary>
    /// <exception cref="ModelFormatException">There are fewer experts, or groups of them, than are to be chosen.</exception>
    public Value Route(Value logits, RouterShape shape)
    {
        if (shape.Used > shape.Experts) throw config.Settings.Invalid("expert_used_count", "num_experts_per_tok", $"a token cannot use {shape.Used} of {shape.Experts} experts");
        if (shape.Experts % shape.Groups != 0 || shape.GroupsUsed > shape.Groups || shape.Experts / shape.Groups * shape.GroupsUsed < shape.Used)
            throw config.Settings.Invalid("expert_group_count", "n_group", $"{shape.Used} of {shape.Experts} experts cannot be chosen from {shape.GroupsUsed} of {shape.Groups} groups");
        return Append(new Route(logits, shape) { Width = 2 * shape.Used });
    }

    /// <summary>Each row by its experts' matrices, plus their biases if the file has them.</summary>
    public Value ExpertLinear(Value x, Value routing, string prefix, int experts, int used, int inputs, int outputs)
    {
        Weight? bias = Has(prefix + ".bias") ? Checked(prefix + ".bias", experts, outputs) : null;
        return Append(new ExpertMatMul(x, routing, Checked(prefix + ".weight", experts, outputs, inputs), bias, used) { Width = used * outputs });
    }

    public Value ExpertSum(Value x, Value routing, int used) =>
        Append(new ExpertSum(x, routing, used) { Width = WidthOf(x) / used });

    /// <summary>A vector of the file.</summary>
    public Weight Vector(string weight, int length) => Checked(weight, length);

    /// <summary>The graph whose output is the logits of the wanted rows of <paramref name="x"/>, scaled and bounded.</summary>
    public ComputationGraph Finish(Value x, float logitScale = 1, float softCap = 0)
    {
        x = Norm(x, "output_norm.weight");
        x = Append(new SelectRows(x) { Width = WidthOf(x), Rows = RowSpace.Logits });
        string head = Has("output.weight") ? "output.weight" : "token_embd.weight";
        Weight weight = Matrix(head, null, config.Hidden);
        int vocabulary = (int)weight.Shape[0];
        Weight? bias = Has("output.bias") ? Vector("output.bias", vocabulary) : null;
        x = Append(new MatMul(x, weight, bias) { Width = vocabulary, Rows = RowSpace.Logits });
        if (logitScale != 1) x = Append(new Scale(x, logitScale) { Width = vocabulary, Rows = RowSpace.Logits });
        if (softCap != 0) x = Append(new SoftCap(x, softCap) { Width = vocabulary, Rows = RowSpace.Logits });
        return new ComputationGraph(name, _nodes, x);
    }

    private Value Append(Node node)
    {
        _nodes.Add(node);
        return new Value(_nodes.Count - 1);
    }

    private Weight Matrix(string weight, int? outputs, int inputs)
    {
        Tensor tensor = weights.Get(weight);
        return Checked(weight, outputs ?? (tensor.Shape.Count == 2 ? tensor.Shape[0] : 0), inputs);
    }

    private Weight Checked(string weight, params long[] shape)
    {
        Tensor tensor = weights.Get(weight);
        if (tensor.Shape.SequenceEqual(shape)) return new Weight(weight, shape) { Type = tensor.Type };
        throw new ModelFormatException(weights.Location, weight, $"has shape [{string.Join(", ", tensor.Shape)}], the model's settings ask for [{string.Join(", ", shape)}]");
    }
}
