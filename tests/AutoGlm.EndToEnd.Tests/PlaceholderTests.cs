public class PlaceholderTests { [Fact] public void Builds() => Assert.NotEmpty(TestData.Root); }
