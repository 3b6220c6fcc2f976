using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda.Tests.Tuning;

public sealed class CardTuningFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Fields_replace_the_row_s()
    {
        CardTuning tuning = Apply("""{ "gemv_ring_bytes": 65536, "element_threads": 512, }""");

        Assert.Equal(CardTunings.Hopper with { GemvRingBytes = 65536, ElementThreads = 512, Measured = false, File = _path }, tuning);
        Assert.Equal($"H100/H200 (not measured on this card; some fields are from {_path})", tuning.ToString());
        Assert.Same(CardTunings.Hopper, Apply("{}"));
    }

    [Fact]
    public void Every_field_can_be_set_to_the_ends_of_its_range()
    {
        foreach (CardTuningField field in CardTuningFields.All)
        {
            foreach (int value in new[] { field.Least, field.Most })
            {
                CardTuning tuning = Apply($$"""{ "{{field.Name}}": {{value}} }""");
                Assert.Equal(field.Set(CardTunings.Hopper, value) with { Measured = false, File = _path }, tuning);
            }

            Assert.Contains($"{field.Name} is {field.Most + 1}; it should be {field.Range}.", Refusal($$"""{ "{{field.Name}}": {{field.Most + 1}} }"""));
            Assert.Contains($"{field.Name} is {field.Least - 1}; it should be {field.Range}.", Refusal($$"""{ "{{field.Name}}": {{field.Least - 1}} }"""));
        }

        // One for each number of the record.
        Assert.Equal(typeof(CardTuning).GetProperties().Count(property => property.PropertyType == typeof(int) || property.PropertyType == typeof(int?)), CardTuningFields.All.Count);
    }

    [Theory]
    [InlineData("""{ "gemv_warps": 12 }""", "gemv_warps is 12; it should be a power of two from 4 to 16.")]
    [InlineData("""{ "norm_threads": 100 }""", "norm_threads is 100; it should be a multiple of 32 from 32 to 1024.")]
    [InlineData("""{ "batch_rows": "many" }""", "batch_rows is \"many\"; it should be a whole number from 16 to 8192.")]
    [InlineData("""{ "batch_rows": 99999999999999999999 }""", "batch_rows is 99999999999999999999; it")]
    [InlineData("""{ "batch_rows": 100.5 }""", "batch_rows is 100.5; it")]
    [InlineData("""{ "element_threads": null }""", "element_threads is null; it")]
    [InlineData("""{ "warps": 8 }""", "there is no field warps; there are batch_rows, gemv_rows, gemv_ring_bytes,")]
    [InlineData("""{ "batch_rows": 64, "batch_rows": 128 }""", "batch_rows")]
    [InlineData("""{ "\ud800": 1 }""", "is no tuning of a card")]
    [InlineData("""{ "a": [[[[[[1]]]]]] }""", "depth")]
    [InlineData("[1]", "it is no JSON object.")]
    [InlineData("{", "is no tuning of a card")]
    [InlineData("", "is no tuning of a card")]
    public void What_is_no_tuning_is_refused(string json, string expected)
    {
        string message = Refusal(json);

        Assert.Contains(expected, message);
        Assert.Contains(_path, message);
        Assert.Contains(CardTuningFile.Variable, message);
    }

    [Fact]
    public void Large_and_missing_files_are_refused()
    {
        Assert.Contains("more than 65536 bytes", Refusal(new string(' ', 70000)));
        File.Delete(_path);
        Assert.Contains(_path, Assert.Throws<FileNotFoundException>(() => CardTuningFile.Apply(CardTunings.Hopper, _path)).Message);
    }

    public void Dispose() => File.Delete(_path);

    private string Refusal(string json) => Assert.Throws<ArgumentException>(() => Apply(json)).Message;

    private CardTuning Apply(string json)
    {
        File.WriteAllText(_path, json);
        return CardTuningFile.Apply(CardTunings.Hopper, _path);
    }
}
