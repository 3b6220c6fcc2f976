namespace AutoGlm.Engine.Constraints;

/// <summary>White space that constrained JSON may have. It is always bounded, so that no model can go on with blanks for ever.</summary>
public enum JsonWhitespace
{
    /// <summary>None between tokens: the fewest tokens to generate.</summary>
    Compact,

    /// <summary>One space after a colon or comma, or a line break with up to 32 spaces or tabs at the places where indented JSON has one.</summary>
    Limited,
}
