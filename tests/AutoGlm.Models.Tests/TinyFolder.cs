using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Safetensors;

namespace AutoGlm.Models.Tests;

/// <summary>A Hugging Face folder with a Llama of one layer and random weights, to be changed before it is written.</summary>
internal sealed class TinyFolder : IDisposable
{
    private const int Hidden = 16, Heads = 4, KvHeads = 2, HeadSize = 4, Inner = 32, Vocabulary = 24;

    public string Path { get; } = Directory.CreateTempSubdirectory("autoglm-tiny-").FullName;

    public JsonObject Config { get; } = JsonNode.Parse($$"""
        {"model_type": "llama", "hidden_size": {{Hidden}}, "num_hidden_layers": 1, "num_attention_heads": {{Heads}}, "num_key_value_heads": {{KvHeads}},
         "intermediate_size": {{Inner}}, "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "vocab_size": {{Vocabulary}},
         "rope_theta": 10000.0, "torch_dtype": "float32"}
        """)!.AsObject();

    public Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = [];

    /// <summary>Bytes that are no floats.</summary>
    public Dictionary<string, (long[] Shape, byte[] Values)> ByteTensors { get; } = [];

    public TinyFolder()
    {
        Add("model.embed_tokens.weight", Vocabulary, Hidden);
        Add("model.norm.weight", Hidden);
        Add("lm_head.weight", Vocabulary, Hidden);
        Add("model.layers.0.input_layernorm.weight", Hidden);
        Add("model.layers.0.post_attention_layernorm.weight", Hidden);
        Add("model.layers.0.self_attn.q_proj.weight", Heads * HeadSize, Hidden);
        Add("model.layers.0.self_attn.k_proj.weight", KvHeads * HeadSize, Hidden);
        Add("model.layers.0.self_attn.v_proj.weight", KvHeads * HeadSize, Hidden);
        Add("model.layers.0.self_attn.o_proj.weight", Hidden, Heads * HeadSize);
        Add("model.layers.0.mlp.gate_proj.weight", Inner, Hidden);
        Add("model.layers.0.mlp.up_proj.weight", Inner, Hidden);
        Add("model.layers.0.mlp.down_proj.weight", Hidden, Inner);
    }

    public void Add(string name, params long[] shape)
    {
        Random random = new(name.Length);
        Tensors[name] = (shape, [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)]);
    }

    public ModelPackage Open(int? context = null)
    {
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), Config.ToJsonString());
        SafetensorsWriter writer = new();
        foreach ((string name, (long[] shape, float[] values)) in Tensors) writer.Add(name, SafetensorsDtype.F32, shape, MemoryMarshal.AsBytes<float>(values).ToArray());
        foreach ((string name, (long[] shape, byte[] values)) in ByteTensors) writer.Add(name, SafetensorsDtype.U8, shape, values);
        writer.Write(System.IO.Path.Combine(Path, "model.safetensors"));
        return ModelPackage.Open(Path, context);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
