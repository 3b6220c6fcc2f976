using System.Runtime.CompilerServices;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Embedding;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Scheduling;
using AutoGlm.Engine.Tools;
using AutoGlm.Engine.Warmup;
using AutoGlm.Formats.Chat;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.KvCache.Warmup;
using AutoGlm.Models;

namespace AutoGlm.Engine;

/// <summary>
/// A loaded model that answers many requests at once. One thread computes; any number of threads may ask. Requests that begin
/// alike share what was computed for their beginning.
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly ModelRuntime _runtime;
    private readonly StepInbox _inbox = new();
    private readonly EngineCounters _counters = new();
    private readonly AdmissionRate _rate;
    private readonly HotStateKeeper _hot;
    private readonly Thread _loop;
    private readonly Lazy<ChatPrompt?> _chat;
    private readonly SemaphoreSlim _embedding = new(1);
    private readonly Lazy<ConstraintCache> _constraints;
    private readonly Lock _ending = new();
    private Embedder? _embedder;
    private volatile bool _closed;
    private volatile bool _stopping;
    private volatile Exception? _failure;
    private Task? _ended;

    private InferenceEngine(ModelRuntime runtime)
    {
        _runtime = runtime;
        _rate = new AdmissionRate(runtime.Options.Time);
        _hot = new HotStateKeeper(new HotState(runtime), runtime.Options, _counters, AskAsync);
        DefaultSampling = SamplingDefaults.Of(runtime.Package);
        _chat = new Lazy<ChatPrompt?>(() => ChatPrompt.Of(runtime.Package));
        _constraints = new Lazy<ConstraintCache>(() => new ConstraintCache(new TokenVocabulary(runtime.Package.Tokenizer)));
        _loop = new Thread(Loop) { Name = "AutoGlm step loop", IsBackground = true };
        _loop.Start();
    }

    /// <summary>The model's file, settings and graph.</summary>
    public ModelPackage Model => _runtime.Package;

    public Tokenizer Tokenizer => _runtime.Package.Tokenizer;

    /// <summary>How tokens are chosen where a request does not say: what the model's file recommends.</summary>
    public SamplingOptions DefaultSampling { get; }

    /// <summary>Longest prompt plus answer in tokens.</summary>
    public int Context => _runtime.Context;

    /// <summary>How much memory the KV cache may take, and why; for the log.</summary>
    public KvMemoryPlan KvMemory => _runtime.KvMemory;

    /// <summary>32 bytes that name the model; see <see cref="ModelRuntime.Fingerprint"/>.</summary>
    public ReadOnlySpan<byte> Fingerprint => _runtime.Fingerprint;

    /// <summary>What people should know about how the model was loaded, a sentence each.</summary>
    public IReadOnlyList<string> Notices => _runtime.Notices;

    /// <summary>What the model runs on.</summary>
    public string BackendName => _runtime.BackendName;

    /// <summary>Loads a model.</summary>
    /// <param name="path">A .gguf file or a Hugging Face folder.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told the fraction loaded, 0 to 1.</param>
    /// <param name="cancellation">Ends loading early.</param>
    /// <exception cref="Formats.ModelFormatException">It is no model, an unsound one, or of an unknown architecture.</exception>
    public static Task<InferenceEngine> LoadAsync(string path, EngineOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(
            () =>
            {
                ModelRuntime runtime = ModelRuntime.Load(path, options, progress, cancellation);
                try
                {
                    _ = runtime.Package.Tokenizer;
                    return new InferenceEngine(runtime);
                }
                catch
                {
                    runtime.Dispose();
                    throw;
                }
            },
            cancellation);

    /// <summary>Token ids of a text, with the tokens the model wants before it.</summary>
    public IReadOnlyList<int> Encode(string text) => Tokenizer.Encode(text, addSpecial: true, parseSpecial: true);

    /// <summary>Token ids of a conversation, by the model's chat template, up to where the model's answer begins.</summary>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public IReadOnlyList<int> EncodeChat(IReadOnlyList<ChatTurn> turns) => Chat.Encode(turns);

    /// <summary>A conversation made ready, with tools and formats: its prompt, what the answer may be, and how to read it.</summary>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    /// <exception cref="ArgumentException">A message or a tool is malformed, or the tool choice names none of the tools.</exception>
    /// <exception cref="GrammarException">A strict tool's schema goes beyond what is supported.</exception>
    public PreparedChat PrepareChat(ChatInput input) => Chat.Prepare(input, Constrain);

    /// <summary>Makes a grammar ready for this model; those used last are kept, with all that answers found out about them.</summary>
    /// <exception cref="GrammarException">The grammar is left recursive, too large, or can never be satisfied.</exception>
    public GrammarConstraint Constrain(Grammar grammar) => _constraints.Value.Get(grammar);

    /// <summary>Goes on from a text.</summary>
    public IAsyncEnumerable<GenerationChunk> GenerateAsync(string prompt, int? maxTokens = null, CancellationToken cancellation = default) =>
        GenerateAsync(new GenerationRequest { Prompt = Encode(prompt), MaxTokens = maxTokens }, cancellation);

    /// <summary>
    /// Goes on from a prompt, piece by piece as tokens come. Work begins when the result is read, anew each time it is; not
    /// reading on, or cancelling, ends it.
    /// </summary>
    /// <exception cref="ContextLengthException">Prompt and answer cannot fit the context; thrown at the call, before any work.</exception>
    /// <exception cref="ArgumentException">A field is out of its range; thrown at the call.</exception>
    /// <exception cref="EngineBusyException">The queue is full; thrown at the call, or when the first piece is asked for.</exception>
    /// <exception cref="EngineStoppingException">The engine is shutting down; thrown at the call, or when the first piece is asked for.</exception>
    public IAsyncEnumerable<GenerationChunk> GenerateAsync(GenerationRequest request, CancellationToken cancellation = default)
    {
        Validate(request);
        ThrowIfClosed();
        if (Volatile.Read(ref _counters.Queued) >= _runtime.Options.MaxWaiting) throw Busy();
        return ReadAsync(request, cancellation);
    }

    /// <summary>Numbers of an embedding: the width of the model's hidden states.</summary>
    public int EmbeddingWidth => Model.Graph.WithoutHead() is { } hidden ? hidden[hidden.Output].Width : 0;

    /// <summary>Texts as vectors: the mean of the last hidden states over all tokens, of length 1.</summary>
    /// <param name="inputs">Token ids, at least one each and no more than the context.</param>
    /// <param name="cancellation">Ends it before the next batch.</param>
    /// <returns>A vector of <see cref="EmbeddingWidth"/> numbers for each input.</returns>
    /// <exception cref="ArgumentException">An input is empty, or holds a token the model does not know.</exception>
    /// <exception cref="ContextLengthException">An input is longer than the context.</exception>
    /// <exception cref="NotSupportedException">The backend cannot run a second graph.</exception>
    /// <remarks>A batch is computed between two steps of the answers that run; requests take turns.</remarks>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<IReadOnlyList<int>> inputs, CancellationToken cancellation = default)
    {
        foreach (IReadOnlyList<int> input in inputs)
        {
            if (input.Count > Context) throw new ContextLengthException(input.Count, null, Context);
            new GenerationRequest { Prompt = input }.Validate(_runtime.Vocabulary);
        }

        if (inputs.Count == 0) return [];
        ThrowIfClosed();
        await _embedding.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            EmbeddingJob job = new(inputs, EmbeddingWidth);
            do cancellation.ThrowIfCancellationRequested();
            while (!await AskAsync(() => Embed(job)).ConfigureAwait(false));
            return job.Vectors;
        }
        finally
        {
            _embedding.Release();
        }
    }

    /// <summary>What runs, what waits, and what has been done; cheap, at any time, from any thread.</summary>
    public EngineStatistics GetStatistics() => _counters.Snapshot(_runtime.Pool.GetStatistics());

    /// <summary>How many tokens of a beginning a tenant's next request would find in the cache, in whole blocks.</summary>
    public Task<int> CountCachedAsync(IReadOnlyList<int> tokens, string tenant = "")
    {
        int[] all = [.. tokens, 0];
        return AskAsync(() => _runtime.Pool.CountCached(_runtime.CreateKeys(tenant), all) * _runtime.Pool.BlockTokens);
    }

    /// <summary>Forgets what the cache holds of a tenant that begins with these tokens; answers that are running go on.</summary>
    /// <param name="tokens">The beginning; empty for everything of the tenant.</param>
    /// <param name="tenant">Whose.</param>
    /// <returns>Blocks forgotten.</returns>
    public Task<int> DropCachedAsync(IReadOnlyList<int> tokens, string tenant = "")
    {
        int[] all = [.. tokens];
        return AskAsync(() => _runtime.Pool.Drop(_runtime.CreateKeys(tenant), all));
    }

    /// <summary>Forgets everything of a tenant that there never was, without counting it.</summary>
    internal Task ForgetAsync(string tenant) => AskAsync(() => _runtime.Pool.Drop(_runtime.CreateKeys(tenant), [], isCounted: false));

    /// <summary>
    /// Makes the first requests as fast as later ones: runs every kernel at every size class, then computes what earlier runs found
    /// hot (<see cref="EngineOptions.StateFolder"/>) and these prompts, so that they are cached. Report readiness only afterwards.
    /// </summary>
    /// <param name="prompts">What is going to be asked for: <see cref="WarmupPrompt.ReadFile"/>.</param>
    /// <param name="progress">Told each step.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What was computed, and what was left out and why.</returns>
    public async Task<WarmupResult> WarmUpAsync(IReadOnlyList<WarmupPrompt> prompts, IProgress<WarmupProgress>? progress = null, CancellationToken cancellation = default)
    {
        List<string> problems = [];
        IReadOnlyList<HotPrefix> hot = _hot.Load(problems);
        WarmupResult result = await new EngineWarmup(this, _runtime.Options, Tokenizer.VocabularySize).RunAsync(prompts, hot, progress, cancellation).ConfigureAwait(false);
        return result with { Problems = [.. problems, .. result.Problems] };
    }

    /// <summary>Writes what is hot to <see cref="EngineOptions.StateFolder"/>, as shutting down does, and the engine each <see cref="EngineOptions.StateInterval"/>.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public Task SaveStateAsync() => _hot.SaveAsync();

    /// <summary>
    /// Shuts down: takes nothing new, lets what was accepted finish for so long, then ends the rest with
    /// <see cref="FinishReason.Cancelled"/>. The engine is still to be disposed.
    /// </summary>
    /// <param name="grace">How long accepted answers may take to finish.</param>
    /// <param name="cancellation">Ends the grace period early.</param>
    public async Task StopAsync(TimeSpan grace, CancellationToken cancellation = default)
    {
        _closed = true;
        TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Post(scheduler => scheduler.WhenIdle(idle.SetResult));
        try
        {
            await idle.Task.WaitAsync(grace, _runtime.Options.Time, cancellation).ConfigureAwait(false);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            _inbox.Post(scheduler => scheduler.CancelAll());
            await idle.Task.ConfigureAwait(false);
        }

        if (!_stopping) await SaveStateAsync().ConfigureAwait(false);
    }

    private ChatPrompt Chat => _chat.Value ?? throw new InvalidOperationException($"{Model.Name} has no chat template; give it plain text instead.");

    /// <summary>Ends running answers and frees the model.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_ending) _ended ??= Task.Run(EndAsync);
        await _ended.ConfigureAwait(false);
    }

    private async Task EndAsync()
    {
        await _hot.DisposeAsync().ConfigureAwait(false);
        _stopping = true;
        _inbox.Post(_ => { });
        _loop.Join();
        _embedder?.Dispose();
        _runtime.Dispose();
    }

    private async IAsyncEnumerable<GenerationChunk> ReadAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ThrowIfClosed();
        AnswerStream stream = new(request, _runtime.Options);
        Sequence sequence = new(_runtime, stream, request.Sampling ?? DefaultSampling);
        if (Interlocked.Increment(ref _counters.Queued) > _runtime.Options.MaxWaiting)
        {
            Interlocked.Decrement(ref _counters.Queued);
            throw Busy();
        }

        Interlocked.Increment(ref _counters.For(request).Accepted);
        _inbox.Post(scheduler => scheduler.Submit(sequence));
        try
        {
            await foreach (GenerationChunk chunk in stream.Chunks.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                // What was sent before is not read after.
                cancellation.ThrowIfCancellationRequested();
                yield return chunk;
            }
        }
        finally
        {
            stream.Cancel();
        }
    }

    /// <summary>Asks something on the step loop's thread, between two steps.</summary>
    private Task<T> AskAsync<T>(Func<T> question)
    {
        if (_stopping) throw Ended();
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Post(_ =>
        {
            try
            {
                answer.SetResult(question());
            }
            catch (Exception error)
            {
                answer.SetException(error);
            }
        });
        return answer.Task;
    }

    /// <summary>One batch of embeddings, on the step loop's thread.</summary>
    /// <returns>True once all are done.</returns>
    private bool Embed(EmbeddingJob job)
    {
        if (_stopping) throw Ended();
        _embedder ??= new Embedder(_runtime);
        return _embedder.Step(job);
    }

    private EngineBusyException Busy()
    {
        Interlocked.Increment(ref _counters.Refused);
        int waiting = Volatile.Read(ref _counters.Queued);
        return new EngineBusyException(waiting, _rate.RetryAfter(waiting));
    }

    private void ThrowIfClosed()
    {
        if (_stopping) throw Ended();
        if (_closed) throw new EngineStoppingException();
    }

    private void Validate(GenerationRequest request)
    {
        if (_stopping) throw Ended();
        request.Validate(_runtime.Vocabulary);
        if (request.Prompt.Count + (long)(request.MaxTokens ?? 1) > Context) throw new ContextLengthException(request.Prompt.Count, request.MaxTokens, Context);
        if (request.Constraint is { } constraint && constraint.Vocabulary.Tokenizer != Tokenizer) throw new ArgumentException("The constraint was made for another model; make it by this engine's Constrain.", nameof(request));
        (request.Sampling ?? DefaultSampling).Validate();
    }

    private void Loop()
    {
        Scheduler scheduler = new(_runtime, _counters, _rate);
        try
        {
            while (!_stopping)
            {
                _inbox.Drain(scheduler);
                if (!scheduler.Step()) _inbox.Wait(scheduler.Rest());
            }

            scheduler.FailAll(Ended());
        }
        catch (Exception error)
        {
            // The loop is the engine: what ends it ends every request, with the reason.
            _failure = error;
            _stopping = true;
            scheduler.FailAll(Ended());
        }

        // Whoever still posts finds the scheduler ended; nobody drains after the last look.
        _inbox.Close(scheduler);
    }

    /// <summary>Why there will be no more answers.</summary>
    private Exception Ended() => _failure is { } failure
        ? new InvalidOperationException($"The engine stopped: {failure.Message}", failure)
        : new ObjectDisposedException(nameof(InferenceEngine));
}
