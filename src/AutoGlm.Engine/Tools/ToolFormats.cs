namespace AutoGlm.Engine.Tools;

/// <summary>Finds the format of a chat template by what it writes.</summary>
internal static class ToolFormats
{
    private static readonly JsonToolFormat s_hermes = new() { Family = "hermes", Open = "<tool_call>", Close = "</tool_call>" };
    private static readonly JsonToolFormat s_generic = new() { Family = "generic", Open = "<tool_call>", Close = "</tool_call>" };
    private static readonly JsonToolFormat s_mistral = new() { Family = "mistral", Open = "[TOOL_CALLS]", IsList = true, IdLength = 9 };
    private static readonly JsonToolFormat s_granite = new() { Family = "granite", Open = "<|tool_call|>", IsList = true };
    private static readonly JsonToolFormat s_llama = new() { Family = "llama", Open = "<|python_tag|>", ArgumentsKey = "parameters", IsBare = true };

    /// <summary>The template's format; the generic one where it knows of no tools.</summary>
    public static ToolFormat Detect(string template)
    {
        bool Has(string text) => template.Contains(text, StringComparison.Ordinal);
        if (Has("<|channel|>") && Has("<|message|>")) return new HarmonyToolFormat();
        if (Has(DeepSeekToolFormat.CallsBegin)) return new DeepSeekToolFormat();
        if (Has("<arg_key>")) return TaggedToolFormat.Glm(hasLines: Has("</arg_key>\n<arg_value>"));
        if (Has("<function=") && Has("<parameter=")) return TaggedToolFormat.Qwen;
        if (Has("[TOOL_CALLS]")) return s_mistral;
        if (Has("<|tool_call|>")) return s_granite;
        if (Has("<tool_call>") || Has("xml_tools")) return s_hermes;
        return Has("<|python_tag|>") || (Has("<|start_header_id|>") && Has("\"parameters\"")) ? s_llama : s_generic;
    }

    /// <summary>Whether a template writes the tools it is given.</summary>
    public static bool WritesTools(string template) => template.Contains("tools", StringComparison.Ordinal);

    /// <summary>Whether a template writes the calls in a conversation.</summary>
    public static bool WritesCalls(string template) => template.Contains("tool_calls", StringComparison.Ordinal);
}
