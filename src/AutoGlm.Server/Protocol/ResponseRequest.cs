using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>What <c>POST /v1/responses</c> is asked.</summary>
public sealed record ResponseRequest : GenerationFields
{
    private const int MaxMetadata = 16;
    private const int MaxMetadataCharacters = 512;

    /// <summary>OpenAI's fields that change what an answer is and that nothing here can do.</summary>
    private static readonly string[] Unsupported = ["conversation", "prompt"];

    internal ResponseRequest(JsonFields fields)
        : base(fields)
    {
        foreach (string name in Unsupported)
        {
            if (fields.Has(name)) throw fields.Invalid(name, "is not supported here; send what it holds as input, or name a response with previous_response_id.", "unsupported_parameter");
        }

        if (fields.Boolean("background") is true) throw fields.Invalid("background", "is true; this server answers at once: leave it out, or stream.", "unsupported_parameter");
        fields.Require("input", "a string or a list of items");
        Instructions = fields.String("instructions");
        Input = ResponseInput.Read(fields);
        MaxOutputTokens = fields.Integer("max_output_tokens", 1, int.MaxValue);
        PreviousResponseId = fields.String("previous_response_id");
        Store = fields.Boolean("store") ?? true;
        ReasoningEffort = ReadEffort(fields);
        Metadata = ReadMetadata(fields);
        ToolList = fields.Find("tools")?.Clone();
        ToolChoice = fields.Find("tool_choice")?.Clone();
        JsonFields? text = fields.Object("text");
        text?.Find("verbosity");
        Text = text?.Element.Clone();
        Tools = ToolFields.ReadForResponses(fields);
        Format = ResponseFormat.ReadForResponses(text);
        fields.OneOf("truncation", "auto", "disabled");
        // What OpenAI's clients may send, and what changes nothing here.
        foreach (string known in (string[])["include", "stream_options", "max_tool_calls", "prompt_cache_retention"]) fields.Find(known);
    }

    /// <summary>What the model is told before all else; not taken over from an earlier response.</summary>
    public string? Instructions { get; }

    /// <summary>Most tokens of the answer, thoughts and calls included; as many as the context leaves where it is left out.</summary>
    public int? MaxOutputTokens { get; }

    /// <summary>A stored response that this one goes on from.</summary>
    public string? PreviousResponseId { get; }

    /// <summary>False to forget the response once it is sent.</summary>
    public bool Store { get; }

    /// <summary>reasoning.effort, given to the chat template.</summary>
    public string? ReasoningEffort { get; }

    /// <summary>Up to 16 texts of the client's own, given back with the response.</summary>
    public JsonElement? Metadata { get; }

    /// <summary>text: format is what the answer should be.</summary>
    public JsonElement? Text { get; }

    /// <summary>The new part of the conversation: a text of the user, or a list of messages, function calls and their outputs.</summary>
    internal IReadOnlyList<ChatMessage> Input { get; }

    /// <summary>The tools, as they were sent.</summary>
    internal JsonElement? ToolList { get; }

    /// <summary>The choice of tools, as it was sent.</summary>
    internal JsonElement? ToolChoice { get; }

    /// <summary>Tools that the model may call.</summary>
    internal ToolFields Tools { get; }

    /// <summary>What the answer should be.</summary>
    internal ResponseFormat Format { get; }

    private static string? ReadEffort(JsonFields fields)
    {
        if (fields.Object("reasoning") is not { } reasoning) return null;
        foreach (string known in (string[])["summary", "generate_summary"]) reasoning.Find(known);
        return reasoning.String("effort");
    }

    private static JsonElement? ReadMetadata(JsonFields fields)
    {
        if (fields.Object("metadata") is not { } map) return null;
        if (map.Unread.Count > MaxMetadata) throw fields.Invalid("metadata", $"has {map.Unread.Count:N0} entries; at most {MaxMetadata} are kept.");
        foreach (string name in map.Unread.ToArray())
        {
            if (name.Length > MaxMetadataCharacters || map.RequireString(name).Length > MaxMetadataCharacters)
                throw fields.Invalid("metadata", $"has an entry of over {MaxMetadataCharacters} characters, which is as many as are kept.");
        }

        return map.Element.Clone();
    }
}
