namespace AutoGlm.Graph.Execution;

/// <summary>
/// KV memory that copies blocks while steps run: for caches that keep blocks elsewhere too. A copy comes after all work on the
/// block that was begun before it. Until it is done the caller leaves the block, and the copy's own memory, as they are.
/// </summary>
public interface IAsyncKvMemory : IKvMemory
{
    /// <summary>Memory of the host that copies go to and come from; page-locked where that lets them run beside other work.</summary>
    /// <param name="blocks">Blocks it holds.</param>
    IKvStaging CreateStaging(int blocks);

    /// <summary>Begins to copy a block's bytes out.</summary>
    /// <param name="block">The block.</param>
    /// <param name="staging">Made by this memory.</param>
    /// <param name="slot">Which of its blocks the bytes go to.</param>
    /// <returns>To be disposed by the caller.</returns>
    IKvTransfer BeginRead(int block, IKvStaging staging, int slot);

    /// <summary>Begins to copy a block's bytes in; steps that are run after find them.</summary>
    /// <param name="block">The block.</param>
    /// <param name="staging">Made by this memory.</param>
    /// <param name="slot">Which of its blocks the bytes come from.</param>
    /// <returns>To be disposed by the caller.</returns>
    IKvTransfer BeginWrite(int block, IKvStaging staging, int slot);
}

/// <summary>Blocks in the host's memory. It outlives the copies that use it.</summary>
public interface IKvStaging : IDisposable
{
    int BlockCount { get; }

    /// <summary>The bytes of one of its blocks.</summary>
    Span<byte> this[int slot] { get; }
}

/// <summary>A copy that was begun. Disposing it waits for it.</summary>
public interface IKvTransfer : IDisposable
{
    bool IsDone { get; }

    /// <summary>Waits until it is done.</summary>
    void Wait();
}
