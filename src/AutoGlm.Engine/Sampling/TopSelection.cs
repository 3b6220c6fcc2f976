using System.Numerics;

namespace AutoGlm.Engine.Sampling;

/// <summary>The k largest logits, by one pass with a heap; of equal ones those with the lowest ids.</summary>
internal sealed class TopSelection
{
    private float[] _logits = [];
    private int[] _ids = [];

    /// <summary>How many the last selection found: at most k, fewer where there are not so many above minus infinity.</summary>
    public int Count { get; private set; }

    /// <summary>The least of the selection: its worst logit, and that one's highest id.</summary>
    public (float Logit, int Id) Worst => (_logits[0], _ids[0]);

    /// <summary>Selects the k largest.</summary>
    public void Select(ReadOnlySpan<float> logits, int k)
    {
        if (_logits.Length < k) (_logits, _ids) = (new float[k], new int[k]);
        Count = 0;
        int i = 0;
        for (; i < logits.Length && Count < k; i++)
        {
            if (logits[i] > float.NegativeInfinity) Push(logits[i], i);
        }

        int lanes = Vector<float>.Count;
        for (; i + lanes <= logits.Length; i += lanes)
        {
            if (Vector.GreaterThanAny(new Vector<float>(logits[i..]), new Vector<float>(_logits[0]))) ReplaceWorse(logits.Slice(i, lanes), i);
        }

        ReplaceWorse(logits[i..], i);
    }

    /// <summary>Takes the selection out, worst first; it is empty then.</summary>
    public bool TryPopWorst(out float logit, out int id)
    {
        (logit, id) = Count > 0 ? (_logits[0], _ids[0]) : (0, -1);
        if (Count == 0) return false;
        Count--;
        SiftDown(_logits[Count], _ids[Count]);
        return true;
    }

    private void ReplaceWorse(ReadOnlySpan<float> logits, int firstId)
    {
        for (int lane = 0; lane < logits.Length; lane++)
        {
            if (Count > 0 && logits[lane] > _logits[0]) SiftDown(logits[lane], firstId + lane);
        }
    }

    private void Push(float logit, int id)
    {
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsWorse(logit, id, _logits[parent], _ids[parent])) break;
            (_logits[at], _ids[at]) = (_logits[parent], _ids[parent]);
            at = parent;
        }

        (_logits[at], _ids[at]) = (logit, id);
    }

    /// <summary>Puts an entry in the root's place.</summary>
    private void SiftDown(float logit, int id)
    {
        int at = 0;
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= Count) break;
            if (child + 1 < Count && IsWorse(_logits[child + 1], _ids[child + 1], _logits[child], _ids[child])) child++;
            if (!IsWorse(_logits[child], _ids[child], logit, id)) break;
            (_logits[at], _ids[at]) = (_logits[child], _ids[child]);
            at = child;
        }

        (_logits[at], _ids[at]) = (logit, id);
    }

    private static bool IsWorse(float logit, int id, float otherLogit, int otherId) => logit < otherLogit || (logit == otherLogit && id > otherId);
}
