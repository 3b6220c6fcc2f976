using AutoGlm.Cpu.Threading;

namespace AutoGlm.Cpu.Tests.Threading;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(64)]
    public void All_threads_pass_each_barrier_together(int threads)
    {
        using ThreadTeam team = new(threads);
        Steps region = new(team, barriers: 50);
        for (int run = 0; run < 10; run++)
        {
            team.Run(region);
            Assert.Equal(0, region.Late);
            Assert.All(region.Counters, counter => Assert.Equal(0, counter));
        }
    }

    [Fact]
    public void Threads_are_left_out_and_come_back_between_regions()
    {
        TeamSize size = new(5);
        using ThreadTeam team = new(5, size);
        Steps region = new(team, barriers: 3);
        Random random = new(4);
        double now = TeamSize.Now;
        for (int run = 0; run < 500; run++)
        {
            // As if all had waited for one another, or for nobody, a long time from now.
            int expected = random.Next(1, 6);
            while (size.Current != expected) size.Observe(now += 10, 1, size.Current > expected ? 10 : 0);
            team.Run(region);
            Assert.Equal((0, expected), (region.Late, region.Threads));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void An_exception_ends_the_region_and_reaches_the_caller(int threads)
    {
        TeamSize size = new(threads);
        using ThreadTeam team = new(threads, size);
        double now = TeamSize.Now;
        for (int failing = 0; failing < threads; failing++)
        {
            // A busy machine may have had some left out.
            while (size.Current < threads) size.Observe(now += 10, 1, 0);
            Failure region = new(team, failing);
            TimeoutException thrown = Assert.Throws<TimeoutException>(() => team.Run(region));
            Assert.Equal($"thread {failing}", thrown.Message);
            team.Run(new Steps(team, barriers: 3));
        }
    }

    [Fact]
    public void Runs_without_allocating()
    {
        const int Runs = 100, SmallestObject = 24;
        using ThreadTeam team = new(4);
        Allocations region = new(team);
        for (int i = 0; i < 50; i++)
        {
            team.Run(region);
            // Long enough for all to go to sleep.
            if (i % 10 == 0) Thread.Sleep(5);
        }

        region.Begin();
        for (int i = 0; i < Runs; i++) team.Run(region);
        // Of each thread, whatever else the process does meanwhile: less than the smallest object a run.
        Assert.All(region.Bytes, bytes => Assert.InRange(bytes, 0, Runs * SmallestObject - 1));
    }

    [Fact]
    public void Idle_threads_sleep()
    {
        using ThreadTeam team = new(4);
        team.Run(new Steps(team, barriers: 1));
        Assert.True(SpinWait.SpinUntil(() => team.Sleeping == 3, TimeSpan.FromMinutes(5)), $"{team.Sleeping} of 3 sleep");
    }

    [Fact]
    public void One_region_at_a_time_and_none_after_the_end()
    {
        ThreadTeam team = new(2);
        team.Run(new Nested(team));
        team.Dispose();
        team.Dispose();
        Assert.Throws<ObjectDisposedException>(() => team.Run(new Steps(team, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(65));
    }

    [Fact]
    public void Cores_are_counted_by_their_siblings()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            foreach ((int cpu, string siblings) in new[] { (0, "0,4"), (1, "1,5"), (4, "0,4"), (5, "1,5") })
            {
                string topology = Path.Combine(folder, $"cpu{cpu}", "topology");
                Directory.CreateDirectory(topology);
                File.WriteAllText(Path.Combine(topology, "thread_siblings_list"), siblings + "\n");
            }

            Directory.CreateDirectory(Path.Combine(folder, "cpufreq"));
            Assert.Equal(2, PhysicalCores.CountIn(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Assert.InRange(ThreadTeam.DefaultThreads, 1, Environment.ProcessorCount);
    }

    private sealed class Steps(ThreadTeam team, int barriers) : IParallelRegion
    {
        private int _late;

        public int[] Counters { get; } = new int[barriers];

        public int Late => _late;

        public int Threads { get; private set; }

        public void Run(int thread, int threads)
        {
            if (thread == 0) Threads = threads;
            for (int i = 0; i < Counters.Length; i++)
            {
                Interlocked.Increment(ref Counters[i]);
                team.Barrier();
                if (Volatile.Read(ref Counters[i]) != threads) Interlocked.Increment(ref _late);
                team.Barrier();
                if (thread == 0) Volatile.Write(ref Counters[i], 0);
            }
        }
    }

    /// <summary>What each thread allocates from when it is told to begin, between its runs too.</summary>
    private sealed class Allocations(ThreadTeam team) : IParallelRegion
    {
        private readonly long?[] _before = new long?[ThreadTeam.MaxThreads];
        private bool _begun;

        public long[] Bytes { get; } = new long[ThreadTeam.MaxThreads];

        public void Begin() => _begun = true;

        public void Run(int thread, int threads)
        {
            for (int i = 0; i < 10; i++) team.Barrier();
            if (!_begun) return;
            long now = GC.GetAllocatedBytesForCurrentThread();
            Bytes[thread] = now - (_before[thread] ??= now);
        }
    }

    private sealed class Failure(ThreadTeam team, int failing) : IParallelRegion
    {
        public void Run(int thread, int threads)
        {
            team.Barrier();
            if (thread == failing) throw new TimeoutException($"thread {thread}");
            team.Barrier();
        }
    }

    private sealed class Nested(ThreadTeam team) : IParallelRegion
    {
        public void Run(int thread, int threads)
        {
            if (thread == 0) Assert.Throws<InvalidOperationException>(() => team.Run(this));
        }
    }
}
