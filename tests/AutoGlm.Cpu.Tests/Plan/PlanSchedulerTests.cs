using AutoGlm.Cpu.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;
using RopeLayout = AutoGlm.Graph.Nodes.RopeLayout;

namespace AutoGlm.Cpu.Tests.Plan;

/// <summary>Where barriers are, and what runs between them.</summary>
public class PlanSchedulerTests
{
    private static readonly BatchKind Decode = new(ManyTokens: false, ManyLogits: false, SingleRows: true);
    private static readonly BatchKind ManyDecodes = new(ManyTokens: true, ManyLogits: true, SingleRows: true);
    private static readonly BatchKind Prompt = new(ManyTokens: true, ManyLogits: false, SingleRows: false);

    [Fact]
    public void A_quantised_llama_layer_has_eight_stages_in_generation_and_ten_in_a_prompt()
    {
        Assert.Equal(21, StagesOfALayer(Decode, false, PlanPasses.All));
        Assert.Equal(15, StagesOfALayer(Decode, true, PlanPasses.All));
        Assert.Equal(8, StagesOfALayer(Decode, true, []));
        Assert.Equal(8, StagesOfALayer(ManyDecodes, true, []));
        Assert.Equal(10, StagesOfALayer(Prompt, true, []));
    }

    [Fact]
    public void Stages_of_a_llama_layer_in_generation() => Assert.Equal(
        [
            "Columns: NormQuantize",
            "Own: MatMul",
            "Heads: KvWrite Attention Quantize",
            "Own: MatMul",
            "Columns: NormQuantize",
            "Own: MatMul",
            "Columns: Zip Quantize",
            "Own: MatMul",
        ],
        Describe(Schedule(3, Decode, true, [])).Skip(1 + 8).Take(8));

    [Fact]
    public void Stages_of_a_llama_layer_in_a_prompt() => Assert.Equal(
        [
            "Rows: NormQuantize",
            "Own: MatMul",
            "Rows: KvWrite",
            "Own: Attention",
            "Rows: Quantize",
            "Own: MatMul",
            "Rows: NormQuantize",
            "Own: MatMul",
            "Rows: Zip Quantize",
            "Own: MatMul",
        ],
        Describe(Schedule(3, Prompt, true, [])).Skip(10).Take(10));

    [Fact]
    public void Without_barriers_left_out_each_step_is_a_stage()
    {
        Assert.Contains(Schedule(3, Decode, true, []), stage => Steps(stage) > 1);
        Assert.All(Schedule(3, Decode, true, [PlanPasses.Stages]), stage => Assert.Equal(1, Steps(stage)));

        static int Steps(Stage stage) => stage.Chains.Sum(chain => chain.Steps.Count);
    }

    [Fact]
    public void Without_chains_of_rows_each_step_goes_through_all_rows()
    {
        Assert.Contains("Rows: Zip Quantize", Describe(Schedule(3, Prompt, true, [])));
        Assert.Contains("Rows: Zip, Rows: Quantize", Describe(Schedule(3, Prompt, true, [PlanPasses.RowChains])));
    }

    [Fact]
    public void Without_chains_of_heads_nothing_is_divided_by_heads()
    {
        Assert.Contains("Heads: KvWrite Attention Quantize", Describe(Schedule(3, Decode, true, [])));
        Assert.DoesNotContain(Describe(Schedule(3, Decode, true, [PlanPasses.HeadChains])), stage => stage.Contains("Heads", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_sharing_out_there_are_as_many_shares_as_threads()
    {
        Assert.Equal([8], Shares([]));
        Assert.Equal([2], Shares([PlanPasses.SharedOut]));

        static IEnumerable<int> Shares(string[] without) =>
            Schedule(3, Decode, true, without).SelectMany(stage => stage.Chains).Where(chain => chain.Division.Kind == DivisionKind.Own).Select(chain => chain.Division.Shares).Distinct();
    }

    [Fact]
    public void Sums_between_norms_are_one_step_with_both()
    {
        IReadOnlyList<string> fused = [.. Describe(Schedule(3, Decode, true, [], postNorms: true))];

        Assert.Equal(
            [
                "Columns: ResidualQuantize",
                "Own: MatMul",
                "Heads: KvWrite Attention Quantize",
                "Own: MatMul",
                "Columns: ResidualQuantize",
                "Own: MatMul",
                "Columns: Zip Quantize",
                "Own: MatMul",
            ],
            fused.Skip(1 + 8).Take(8));
        Assert.Equal(10, StagesOfALayer(Decode, true, [PlanPasses.ResidualSums], postNorms: true));
    }

    [Fact]
    public void Heads_stay_apart_where_there_are_fewer_than_threads()
    {
        IEnumerable<string> stages = Describe(Schedule(1, Decode, true, [], threads: 4));

        Assert.DoesNotContain(stages, stage => stage.Contains("Heads", StringComparison.Ordinal));
        Assert.Contains("Columns: KvWrite", stages);
    }

    [Fact]
    public void Steps_of_own_rows_or_columns_need_no_barrier_and_others_do()
    {
        object memory = new();
        Access read = new(memory, 64, 0, 64, 32, Reach.Share, false), write = read with { Writes = true };
        Division rows = new(DivisionKind.Rows, RowSpace.Tokens, 1), columns = new(DivisionKind.Columns, RowSpace.Tokens, 2);

        Assert.False(read.ConflictsWith(read, rows));
        Assert.False(read.ConflictsWith(write, rows));
        Assert.False(read.ConflictsWith(write, columns));
        Assert.False((read with { Memory = new object() }).ConflictsWith(write with { Reach = Reach.All }, columns));
        Assert.False((read with { Reach = Reach.Row }).ConflictsWith(write, rows));
        Assert.True((read with { Reach = Reach.Row }).ConflictsWith(write, columns));
        Assert.True((read with { Reach = Reach.All }).ConflictsWith(write, rows));
        Assert.True((read with { Pitch = 32 }).ConflictsWith(write, rows));
        Assert.True((read with { Column = 32 }).ConflictsWith(write, columns));
        Assert.False((read with { Column = 64 }).ConflictsWith(write, columns));
        Assert.False((read with { Grain = 16 }).ConflictsWith(write, columns));
        Assert.True((read with { Grain = 64 }).ConflictsWith(write, columns));
    }

    [Fact]
    public void Fewer_threads_than_shares_do_all_shares_once()
    {
        foreach (DivisionKind kind in new[] { DivisionKind.Columns, DivisionKind.Heads, DivisionKind.Own })
        {
            for (int threads = 1; threads <= 4; threads++)
            {
                Shares step = new();
                StepChain chain = new(new Division(kind, kind == DivisionKind.Own ? null : RowSpace.Tokens, 4), [step]);
                StepContext context = new() { TokenRows = 1 };
                for (int thread = 0; thread < threads; thread++) chain.Run(context, thread, threads);
                Assert.Equal([0, 1, 2, 3], step.Seen.Order());
            }
        }
    }

    private sealed class Shares() : PlanStep(RowSpace.Tokens, [])
    {
        public List<int> Seen { get; } = [];

        public override void Run(StepContext context, in Part part) => Seen.Add(part.Share);
    }

    private static int StagesOfALayer(BatchKind kind, bool optimized, IReadOnlyCollection<string> without, bool postNorms = false) =>
        Schedule(3, kind, optimized, without, postNorms: postNorms).Count - Schedule(2, kind, optimized, without, postNorms: postNorms).Count;

    private static IEnumerable<string> Describe(IEnumerable<Stage> stages) => stages.Select(stage =>
        string.Join(", ", stage.Chains.Select(chain => $"{chain.Division.Kind}: {string.Join(' ', chain.Steps.Select(Name))}")));

    private static string Name(PlanStep step) => step.GetType().Name.Split('`')[0] is var name && name.EndsWith("Step", StringComparison.Ordinal) ? name[..^4] : name;

    private static IReadOnlyList<Stage> Schedule(int layers, BatchKind kind, bool optimized, IReadOnlyCollection<string> without, int threads = 2, bool postNorms = false)
    {
        GraphBuilder b = new();
        ComputationGraph graph = Llama(b, layers, postNorms);
        using CpuBackend backend = new(new CpuOptions { Threads = threads, WithoutPasses = without });
        using IGraphExecutor executor = backend.Load(optimized ? GraphOptimizer.Optimize(graph) : graph, b, maxRows: 8);
        return ((CpuExecutor)executor).Schedule(kind);
    }

    private static ComputationGraph Llama(GraphBuilder b, int layers, bool postNorms)
    {
        const TensorType Type = TensorType.Q8_0;
        RopeTable rope = new(RopeLayout.Halves, [1, 0.5f], 1);
        Value x = b.Embed("e", 10, 64);
        for (int i = 0; i < layers; i++)
        {
            Value h = b.Norm(x, $"g{i}");
            Value q = b.Rope(b.MatMul(h, $"q{i}", 128, Type), 32, rope), k = b.Rope(b.MatMul(h, $"k{i}", 64, Type), 32, rope);
            x = b.Add(x, Post(b.MatMul(b.Attention(q, k, b.MatMul(h, $"v{i}", 64, Type), 4, 2), $"o{i}", 64, Type), $"p{i}"));
            h = b.Norm(x, $"h{i}");
            Value gate = b.Activate(b.MatMul(h, $"gate{i}", 96, Type));
            x = b.Add(x, Post(b.MatMul(b.Multiply(gate, b.MatMul(h, $"up{i}", 96, Type)), $"down{i}", 64, Type), $"r{i}"));
        }

        return b.Finish(b.MatMul(b.Select(b.Norm(x, "g")), "head", 10, Type));

        Value Post(Value part, string name) => postNorms ? b.Norm(part, name) : part;
    }
}
