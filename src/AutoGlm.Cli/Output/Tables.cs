using Spectre.Console;

namespace AutoGlm.Cli.Output;

/// <summary>Tables: framed for people, bare columns for pipes.</summary>
internal static class Tables
{
    /// <param name="terminal">Where it will be written.</param>
    /// <param name="columns">Headings; one that begins with &gt; heads a column of numbers.</param>
    public static Table Create(Terminal terminal, params ReadOnlySpan<string> columns)
    {
        Table table = new() { Border = terminal.OutputIsTerminal ? TableBorder.Rounded : TableBorder.None, UseSafeBorder = true };
        foreach (string heading in columns)
        {
            bool number = heading.StartsWith('>');
            TableColumn column = new(Markup.Escape(number ? heading[1..] : heading)) { Alignment = number ? Justify.Right : Justify.Left };
            if (!terminal.OutputIsTerminal || number) column.NoWrap = true;
            table.AddColumn(column);
        }

        return table;
    }

    /// <summary>Writes a table, without the blanks that fill up lines where nobody sees the frame.</summary>
    public static void Write(Terminal terminal, Table table)
    {
        if (terminal.OutputIsTerminal)
        {
            terminal.Console.Write(table);
            return;
        }

        using StringWriter text = new();
        using Terminal plain = new(TextReader.Null, text, TextWriter.Null);
        plain.Console.Write(table);
        foreach (string line in text.ToString().TrimEnd().Split('\n')) terminal.Out.WriteLine(line.TrimEnd());
    }

    /// <summary>Adds a row of plain text: nothing in it is markup.</summary>
    public static void Add(this Table table, params ReadOnlySpan<string> cells)
    {
        Text[] row = new Text[cells.Length];
        for (int i = 0; i < cells.Length; i++) row[i] = new Text(PlainText.OneLine(cells[i]));
        table.AddRow(row);
    }
}
