using AutoGlm.Cuda.FlashAttention;
using AutoGlm.Cuda.Tuning;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Tests.FlashAttention;

/// <summary>Every query head of every row meets every key that it sees exactly once.</summary>
public class TilePlanTests
{
    [Fact]
    public void Tiles_cover_rows_heads_and_keys_once()
    {
        Random random = new(5);
        for (int round = 0; round < 300; round++)
        {
            int kvHeads = random.Next(1, 9), group = random.Next(1, 20), window = random.Next(3) == 0 ? random.Next(1, 200) : 0;
            TilePlan plan = new(new[] { 8, 16, 64, 128 }[random.Next(4)], random.Next(2) == 0 ? 64 : 16, random.Next(1, 600), kvHeads, group, window, CardTunings.Hopper);
            for (int batch = 0; batch < 2; batch++) Check(plan, Sequences(random), group, window);
        }
    }

    private static BatchSequence[] Sequences(Random random)
    {
        BatchSequence[] sequences = new BatchSequence[random.Next(1, 12)];
        int row = 0, table = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            int rows = random.Next(3) == 0 ? random.Next(1, 258) : 1, position = random.Next(4) == 0 ? 0 : random.Next(3000), blocks = (position + rows + 15) / 16;
            sequences[i] = new BatchSequence(row, rows, position, table, blocks);
            (row, table) = (row + rows, table + blocks);
        }

        return sequences;
    }

    private static void Check(TilePlan plan, BatchSequence[] sequences, int group, int window)
    {
        plan.Clear();
        foreach (BatchSequence sequence in sequences) plan.Add(sequence);
        plan.Finish();

        int rows = sequences.Sum(sequence => sequence.RowCount);
        Assert.True(plan.Count <= plan.MaxTiles(rows, sequences.Length));
        Assert.True(plan.Slots <= plan.MaxSlots);
        HashSet<int> slots = [];
        foreach (var parts in plan.Tiles.ToArray().GroupBy(tile => (tile.Row, tile.Head)))
        {
            AttentionTile[] ordered = [.. parts.OrderBy(tile => tile.Part)];
            AttentionTile first = ordered[0], last = ordered[^1];
            BatchSequence sequence = sequences.Single(sequence => first.Row >= sequence.FirstRow && first.Row < sequence.FirstRow + sequence.RowCount);
            Assert.Equal(first.Row - sequence.FirstRow + sequence.FirstPosition, first.Position);
            Assert.Equal(sequence.FirstBlock, first.Table);
            Assert.Equal(0, first.KeyBegin % 16);
            Assert.True(first.KeyBegin <= (window > 0 ? Math.Max(0, first.Position - window + 1) : 0));
            Assert.Equal(first.Position + first.Rows, last.KeyEnd);
            for (int i = 0; i < ordered.Length; i++)
            {
                Assert.Equal((i, ordered.Length, first.Slot), (ordered[i].Part, ordered[i].Parts, ordered[i].Slot));
                Assert.True(ordered[i].KeyBegin < ordered[i].KeyEnd);
                if (i > 0) Assert.Equal(ordered[i - 1].KeyEnd, ordered[i].KeyBegin);
                if (ordered.Length > 1) Assert.True(slots.Add(first.Slot + i) && first.Slot + i < plan.Slots);
            }
        }

        var seen = plan.Tiles.ToArray().Where(tile => tile.Part == 0)
            .SelectMany(tile => from row in Enumerable.Range(tile.Row, tile.Rows) from head in Enumerable.Range(tile.Head, tile.Heads) select (row, head)).ToArray();
        Assert.Equal(rows * group, seen.Length);
        Assert.Equal(seen.Length, seen.Distinct().Count());
    }
}
