using System.Globalization;
using System.Text;
using System.Xml.Linq;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Drawing;

/// <summary>A graph as a picture: a box a node, from top to bottom; layers that are alike are drawn once, in a frame that says how often they come.</summary>
public static class SvgDrawing
{
    private const double Margin = 24, FrameMargin = 16, TitleHeight = 22;
    private const int LongestLine = 34;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <param name="graph">The graph.</param>
    /// <param name="title">Lines above it.</param>
    public static string Draw(ComputationGraph graph, IReadOnlyList<string> title)
    {
        IReadOnlyList<Repeat> repeats = LayerRepeats.Find(graph);
        int[] stands = StandIns(graph, repeats);
        int[] drawn = [.. Enumerable.Range(0, stands.Length).Where(node => stands[node] == node)];
        Dictionary<int, int> index = drawn.Index().ToDictionary(item => item.Item, item => item.Index);
        (int From, int To)[] edges = [.. drawn.SelectMany(node => graph.Nodes[node].Inputs.Select(input => (index[stands[input.Index]], index[node]))).Distinct()];
        LayeredLayout layout = new(Ranks(graph, drawn, stands, repeats), edges);

        double top = Margin + TitleHeight * title.Count + FrameMargin, width = Math.Max(layout.Width, 560) + 2 * (Margin + FrameMargin);
        double height = top + LayeredLayout.RankHeight * layout.Ranks + Margin + FrameMargin, shift = Margin + FrameMargin;
        XElement root = new(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Number(width)} {Number(height)}"), new XAttribute("width", Number(width)), new XAttribute("height", Number(height)),
            new XAttribute("font-family", "Helvetica, Arial, sans-serif"), new XAttribute("font-size", 12),
            new XElement(Svg + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"), new XAttribute("fill", "#ffffff")),
            Arrow(),
            title.Select((line, i) => Text(line, Margin, Margin + TitleHeight * i + 8, i == 0 ? 16 : 12, i == 0 ? "bold" : "normal", "start")));
        XElement picture = new(Svg + "g", new XAttribute("transform", $"translate({Number(shift)} {Number(top)})"));
        picture.Add(repeats.Select(repeat => Frame(repeat, layout, index)));
        picture.Add(layout.Routes.Select(Edge));
        picture.Add(drawn.Select((node, i) => Box(graph.Nodes[node], node, layout.Cells[i])));
        root.Add(picture);
        return new XDocument(root).ToString();
    }

    /// <summary>For each node the one that is drawn for it: of repeated layers the first.</summary>
    private static int[] StandIns(ComputationGraph graph, IReadOnlyList<Repeat> repeats)
    {
        int[] stands = [.. Enumerable.Range(0, graph.Nodes.Count)];
        foreach (Repeat repeat in repeats)
        {
            for (int node = repeat.First; node < repeat.End; node++) stands[node] = repeat.First + (node - repeat.First) % repeat.Length;
        }

        return stands;
    }

    /// <summary>Each node one below the lowest it reads; repeated layers, and what is between them, in ranks of their own.</summary>
    private static int[] Ranks(ComputationGraph graph, int[] drawn, int[] stands, IReadOnlyList<Repeat> repeats)
    {
        HashSet<int> starts = [.. repeats.Select(repeat => repeat.First), .. repeats.Select(repeat => repeat.End)];
        Dictionary<int, int> ranks = [];
        int first = 0, last = -1;
        foreach (int node in drawn)
        {
            if (starts.Contains(node)) first = last + 1;
            int above = graph.Nodes[node].Inputs.Select(input => ranks[stands[input.Index]]).DefaultIfEmpty(-1).Max();
            ranks[node] = Math.Max(first, above + 1);
            last = Math.Max(last, ranks[node]);
        }

        return [.. drawn.Select(node => ranks[node])];
    }

    private static XElement Frame(Repeat repeat, LayeredLayout layout, Dictionary<int, int> index)
    {
        int[] ranks = [.. Enumerable.Range(repeat.First, repeat.Length).Select(node => layout.Cells[index[node]].Rank)];
        List<LayoutCell> cells = [.. layout.In(ranks.Min(), ranks.Max())];
        double left = cells.Min(cell => cell.X - cell.Width / 2) - FrameMargin, right = cells.Max(cell => cell.X + cell.Width / 2) + FrameMargin;
        double y = Top(ranks.Min()) - FrameMargin + 2, bottom = Top(ranks.Max()) + LayeredLayout.BoxHeight + FrameMargin - 4;
        return new XElement(
            Svg + "g",
            new XAttribute("class", "repeat"),
            Rectangle(left, y, right - left, bottom - y, 10, "#f6f8fa", "#8c959f"),
            Text($"× {repeat.Times}", left + 10, y + 22, 18, "bold", "start"));
    }

    private static XElement Box(Node node, int number, LayoutCell cell)
    {
        string weights = string.Join(" ", node.Weights.Select(weight => GraphFormatter.WithoutLayer(weight.Name)));
        string head = string.Join(' ', new[] { node.Operation, node is Attention ? "" : GraphFormatter.Detail(node) }.Where(part => part.Length > 0));
        string shape = $"{GraphFormatter.RowName(node)} × {node.Width.ToString(CultureInfo.InvariantCulture)}";
        double y = Top(cell.Rank), x = cell.X - LayeredLayout.BoxWidth / 2;
        return new XElement(
            Svg + "g",
            new XAttribute("class", "node"), new XAttribute("id", $"n{number}"),
            new XElement(Svg + "title", $"%{number} {node.Operation} {string.Join(' ', node.Weights.Select(weight => weight.Name))}"),
            Rectangle(x, y, LayeredLayout.BoxWidth, LayeredLayout.BoxHeight, 6, Colour(node), "#57606a"),
            Text($"{head}   {shape}", cell.X, y + 18, 12, "bold", "middle"),
            Text(weights.Length > 0 ? Shortened(weights) : node is Attention attention ? Heads(attention) : "", cell.X, y + 34, 11, "normal", "middle"));
    }

    private static string Heads(Attention attention) =>
        string.Create(CultureInfo.InvariantCulture, $"{attention.Shape.Heads} heads, {attention.Shape.KvHeads} KV")
        + (attention.Rotation is null ? "" : ", rotary") + (attention.Shape.Window > 0 ? ", window" : "");

    private static XElement Edge(IReadOnlyList<LayoutCell> route)
    {
        StringBuilder path = new(string.Create(CultureInfo.InvariantCulture, $"M {Number(route[0].X)} {Number(Top(route[0].Rank) + LayeredLayout.BoxHeight)}"));
        for (int i = 1; i < route.Count; i++)
        {
            double from = Top(route[i - 1].Rank) + LayeredLayout.BoxHeight, to = Top(route[i].Rank) - (i == route.Count - 1 ? 3 : 0), middle = (from + to) / 2;
            path.Append($" C {Number(route[i - 1].X)} {Number(middle)} {Number(route[i].X)} {Number(middle)} {Number(route[i].X)} {Number(to)}");
            if (i < route.Count - 1) path.Append($" V {Number(to + LayeredLayout.BoxHeight)}");
        }

        return new XElement(
            Svg + "path",
            new XAttribute("class", "edge"), new XAttribute("d", path.ToString()), new XAttribute("fill", "none"),
            new XAttribute("stroke", "#57606a"), new XAttribute("stroke-width", 1.2), new XAttribute("marker-end", "url(#arrow)"));
    }

    private static XElement Arrow() => new(
        Svg + "defs",
        new XElement(
            Svg + "marker",
            new XAttribute("id", "arrow"), new XAttribute("viewBox", "0 0 8 8"), new XAttribute("refX", 6), new XAttribute("refY", 4),
            new XAttribute("markerWidth", 7), new XAttribute("markerHeight", 7), new XAttribute("orient", "auto"),
            new XElement(Svg + "path", new XAttribute("d", "M 0 0 L 8 4 L 0 8 z"), new XAttribute("fill", "#57606a"))));

    private static XElement Rectangle(double x, double y, double width, double height, double radius, string fill, string stroke) => new(
        Svg + "rect",
        new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("width", Number(width)), new XAttribute("height", Number(height)),
        new XAttribute("rx", radius), new XAttribute("fill", fill), new XAttribute("stroke", stroke));

    private static XElement Text(string text, double x, double y, int size, string weight, string anchor) => new(
        Svg + "text",
        new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("font-size", size), new XAttribute("font-weight", weight),
        new XAttribute("text-anchor", anchor), new XAttribute("fill", "#1f2328"), text);

    private static string Colour(Node node) => node switch
    {
        MatMul or HeadMatMul or Embed => "#ddf4ff",
        ExpertMatMul or Route or ExpertSum => "#fbefff",
        Attention or Rope => "#fff8c5",
        RmsNorm => "#dafbe1",
        ResidualAdd or Add => "#ffebe9",
        _ => "#f6f8fa",
    };

    private static double Top(int rank) => LayeredLayout.RankHeight * rank;

    private static string Shortened(string text) => text.Length <= LongestLine ? text : text[..(LongestLine - 1)] + "…";

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
