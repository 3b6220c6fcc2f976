namespace AutoGlm.Formats.Tokenizers;

/// <summary>Reads from the <c>post_processor</c> of a tokenizer.json which ids begin and end a single text.</summary>
internal static class PostProcessorJson
{
    public static (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix) Read(JsonField field)
    {
        if (field.IsNull) return ([], []);
        string type = field["type"].Text();
        switch (type)
        {
            case "ByteLevel": return ([], []);
            case "TemplateProcessing": return Template(field);
            case "BertProcessing" or "RobertaProcessing": return ([Pair(field["cls"])], [Pair(field["sep"])]);
            case "Sequence":
                IReadOnlyList<int> prefix = [], suffix = [];
                foreach (JsonField step in field["processors"].Items())
                {
                    (IReadOnlyList<int> before, IReadOnlyList<int> after) = Read(step);
                    (prefix, suffix) = ([.. before, .. prefix], [.. suffix, .. after]);
                }

                return (prefix, suffix);
            default: throw field["type"].Error($"the post-processor '{type}' is not supported");
        }
    }

    private static (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix) Template(JsonField field)
    {
        List<int> prefix = [], suffix = [];
        bool afterText = false;
        foreach (JsonField part in field["single"].Items())
        {
            if (!part["Sequence"].IsNull)
            {
                afterText = true;
                continue;
            }

            string name = part["SpecialToken"]["id"].Text();
            (afterText ? suffix : prefix).AddRange(field["special_tokens"][name]["ids"].Items().Select(id => id.Integer()));
        }

        return (prefix, suffix);
    }

    private static int Pair(JsonField field)
    {
        JsonField[] items = [.. field.Items()];
        return items.Length == 2 ? items[1].Integer() : throw field.Error("must be a text and an id");
    }
}
