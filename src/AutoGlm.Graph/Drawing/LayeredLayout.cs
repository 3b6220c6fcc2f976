namespace AutoGlm.Graph.Drawing;

/// <summary>A place on the drawing; what an edge passes on its way across ranks has no node.</summary>
internal sealed class LayoutCell(int? node, int rank)
{
    public int? Node => node;

    public int Rank => rank;

    public List<LayoutCell> Above { get; } = [];

    public List<LayoutCell> Below { get; } = [];

    /// <summary>The middle.</summary>
    public double X { get; set; }

    public double Width => node is null ? 24 : LayeredLayout.BoxWidth;
}

/// <summary>
/// A layered drawing (Sugiyama's method): nodes in ranks from top to bottom, each below all it reads; edges pass a cell in each
/// rank between; the order in a rank is by the mean place of neighbours; places are as near to neighbours' as the widths allow.
/// </summary>
internal sealed class LayeredLayout
{
    public const double BoxWidth = 236, BoxHeight = 44, RankHeight = 72, Gap = 22;

    private const int Sweeps = 12;

    private readonly List<List<LayoutCell>> _ranks = [];

    /// <param name="ranks">The rank of each node.</param>
    /// <param name="edges">From node to node of a lower rank.</param>
    public LayeredLayout(IReadOnlyList<int> ranks, IReadOnlyList<(int From, int To)> edges)
    {
        Cells = [.. ranks.Select((rank, node) => Add(node, rank))];
        Routes = [.. edges.Select(edge => Connect(Cells[edge.From], Cells[edge.To]))];
        for (int sweep = 0; sweep < Sweeps; sweep++) Order(sweep % 2 == 0);
        foreach (List<LayoutCell> rank in _ranks) Settle(rank, _ => 0);
        for (int sweep = 0; sweep < Sweeps; sweep++) Place(sweep % 2 == 0);
        double left = _ranks.SelectMany(rank => rank).Min(cell => cell.X - cell.Width / 2);
        foreach (LayoutCell cell in _ranks.SelectMany(rank => rank)) cell.X -= left;
    }

    /// <summary>The cell of each node.</summary>
    public IReadOnlyList<LayoutCell> Cells { get; }

    /// <summary>The cells along each edge, both ends included.</summary>
    public IReadOnlyList<IReadOnlyList<LayoutCell>> Routes { get; }

    public int Ranks => _ranks.Count;

    public double Width => _ranks.SelectMany(rank => rank).Max(cell => cell.X + cell.Width / 2);

    /// <summary>All cells of some ranks.</summary>
    public IEnumerable<LayoutCell> In(int firstRank, int lastRank) => _ranks.Skip(firstRank).Take(lastRank - firstRank + 1).SelectMany(rank => rank);

    private LayoutCell Add(int? node, int rank)
    {
        while (_ranks.Count <= rank) _ranks.Add([]);
        LayoutCell cell = new(node, rank);
        _ranks[rank].Add(cell);
        return cell;
    }

    private List<LayoutCell> Connect(LayoutCell from, LayoutCell to)
    {
        List<LayoutCell> route = [from];
        for (int rank = from.Rank + 1; rank <= to.Rank; rank++)
        {
            LayoutCell next = rank == to.Rank ? to : Add(null, rank);
            route[^1].Below.Add(next);
            next.Above.Add(route[^1]);
            route.Add(next);
        }

        return route;
    }

    private void Order(bool down)
    {
        foreach (List<LayoutCell> rank in down ? _ranks : Enumerable.Reverse(_ranks))
        {
            Dictionary<LayoutCell, double> wished = rank.Index().ToDictionary(item => item.Item, item => Neighbours(item.Item, down) is { Count: > 0 } near ? near.Average(cell => cell.X) : item.Item.X);
            List<LayoutCell> ordered = [.. rank.OrderBy(cell => wished[cell])];
            rank.Clear();
            rank.AddRange(ordered);
            for (int i = 0; i < rank.Count; i++) rank[i].X = i - (rank.Count - 1) / 2.0;
        }
    }

    private void Place(bool down)
    {
        foreach (List<LayoutCell> rank in down ? _ranks : Enumerable.Reverse(_ranks))
            Settle(rank, cell => Neighbours(cell, down) is { Count: > 0 } near ? near.Average(other => other.X) : cell.X);
    }

    private static List<LayoutCell> Neighbours(LayoutCell cell, bool above) => above ? cell.Above : cell.Below;

    /// <summary>
    /// The places nearest to those wished for, by least squares, that keep order and distance: isotonic regression by pooling
    /// neighbours. Edges' own cells weigh more, so that edges are straight.
    /// </summary>
    private static void Settle(List<LayoutCell> rank, Func<LayoutCell, double> wish)
    {
        double[] offsets = new double[rank.Count];
        for (int i = 1; i < offsets.Length; i++) offsets[i] = offsets[i - 1] + (rank[i - 1].Width + rank[i].Width) / 2 + Gap;
        List<(double Sum, double Weight, int Count)> pools = [];
        for (int i = 0; i < offsets.Length; i++)
        {
            double weight = rank[i].Node is null ? 3 : 1;
            (double Sum, double Weight, int Count) pool = (weight * (wish(rank[i]) - offsets[i]), weight, 1);
            while (pools.Count > 0 && pools[^1].Sum / pools[^1].Weight > pool.Sum / pool.Weight)
            {
                pool = (pool.Sum + pools[^1].Sum, pool.Weight + pools[^1].Weight, pool.Count + pools[^1].Count);
                pools.RemoveAt(pools.Count - 1);
            }

            pools.Add(pool);
        }

        int at = 0;
        foreach ((double sum, double weight, int count) in pools)
        {
            for (int end = at + count; at < end; at++) rank[at].X = sum / weight + offsets[at];
        }
    }
}
