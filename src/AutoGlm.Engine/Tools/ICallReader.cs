namespace AutoGlm.Engine.Tools;

/// <summary>Reads calls from after their opening marker on.</summary>
internal interface ICallReader
{
    /// <summary>Takes what can be understood.</summary>
    /// <returns>True where the calls are over; what is left is text again.</returns>
    bool Read(HeldText text, CallSink sink);

    /// <summary>No more comes.</summary>
    void End(HeldText text, CallSink sink);
}
