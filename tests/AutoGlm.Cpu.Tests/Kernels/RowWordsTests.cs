using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Tests.Kernels;

public sealed unsafe class RowWordsTests
{
    [Fact]
    public void Words_of_rows_lie_side_by_side()
    {
        Random random = new(1);
        foreach (int words in new[] { 1, 3, 4, 5, 8, 13, 48 })
        {
            int stride = 4 * words + random.Next(0, 40), offset = random.Next(0, 7);
            byte[] rows = new byte[offset + 31 * stride + 4 * words], turned = new byte[words * Panel.Vector];
            random.NextBytes(rows);
            fixed (byte* source = rows, destination = turned) RowWords.Transpose(source + offset, stride, words, destination);
            for (int row = 0; row < Panel.Rows; row++)
            {
                for (int word = 0; word < words; word++)
                {
                    Assert.Equal(
                        Unsafe.ReadUnaligned<uint>(ref rows[offset + row * stride + 4 * word]),
                        Unsafe.ReadUnaligned<uint>(ref turned[word * Panel.Vector + 4 * row]));
                }
            }
        }
    }
}
