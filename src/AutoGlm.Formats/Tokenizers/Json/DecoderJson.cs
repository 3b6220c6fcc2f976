namespace AutoGlm.Formats.Tokenizers;

/// <summary>Reads the <c>decoder</c> of a tokenizer.json.</summary>
internal static class DecoderJson
{
    /// <param name="byteLevel">True where the vocabulary is of bytes, whatever the decoder is.</param>
    public static DecoderOptions Read(JsonField field, bool byteLevel)
    {
        // Without a decoder, tokens are words with spaces between.
        var options = new DecoderOptions { ByteLevel = byteLevel };
        if (field.IsNull) return byteLevel ? options : options with { ContinuationPrefix = "", StripLeadingSpaces = 1 };
        return Add(options, field);
    }

    private static DecoderOptions Add(DecoderOptions options, JsonField field)
    {
        string type = field["type"].Text();
        switch (type)
        {
            case "Sequence": return field["decoders"].Items().Aggregate(options, Add);
            case "ByteLevel" or "Fuse": return options;
            case "ByteFallback": return options with { ByteFallback = true };
            case "Replace":
                JsonField from = field["pattern"]["String"];
                if (from.IsNull || from.Text().Length == 0) throw field["pattern"].Error("only non-empty text can be replaced when decoding");
                return options with { Replacements = [.. options.Replacements, (from.Text(), field["content"].Text())] };
            case "Metaspace":
                bool prefixed = field["prepend_scheme"].TextOr(field["add_prefix_space"].FlagOr(true) ? "always" : "never") != "never";
                string visible = field["replacement"].TextOr("\u2581");
                return options with { Replacements = [.. options.Replacements, (visible, " ")], StripLeadingSpaces = prefixed ? 1 : 0 };
            case "Strip":
                if (field["content"].Text() != " ") throw field["content"].Error("only spaces can be stripped when decoding");
                if (field["stop"].Integer() != 0) throw field["stop"].Error("text that streams cannot be stripped at its end");
                return options with { StripLeadingSpaces = Math.Max(0, field["start"].Integer()) };
            case "WordPiece":
                return options with { ContinuationPrefix = field["prefix"].TextOr("##"), CleanUp = field["cleanup"].FlagOr(true), StripLeadingSpaces = 1 };
            default: throw field["type"].Error($"the decoder '{type}' is not supported");
        }
    }
}
