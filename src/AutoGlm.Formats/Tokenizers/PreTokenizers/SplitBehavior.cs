namespace AutoGlm.Formats.Tokenizers;

/// <summary>What becomes of the delimiters that a split finds (the names of Hugging Face's <c>tokenizers</c>).</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}
