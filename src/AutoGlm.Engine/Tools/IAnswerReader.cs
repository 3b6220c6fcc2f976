namespace AutoGlm.Engine.Tools;

/// <summary>Reads answers as they come.</summary>
internal interface IAnswerReader
{
    /// <summary>Takes what can be understood.</summary>
    void Read(HeldText text, CallSink sink);

    /// <summary>No more comes.</summary>
    void End(HeldText text, CallSink sink);
}
