using AutoGlm.Cpu.Threading;

namespace AutoGlm.Cpu.Tests.Threading;

public class TeamSizeTests
{
    [Fact]
    public void A_team_whose_threads_come_together_stays_whole()
    {
        TeamSize size = new(2);
        for (int i = 0; i < 10_000; i++) size.Observe(i * 0.002, 0.002, 0.0002);
        Assert.Equal(2, size.Current);
    }

    [Fact]
    public void One_disturbance_is_no_reason()
    {
        TeamSize size = new(2);
        size.Observe(0.045, 0.045, 0.043);
        for (int i = 0; i < 100; i++) size.Observe(0.05 + i * 0.002, 0.002, 0.0002);
        size.Observe(1, 0.045, 0.043);
        Assert.Equal(2, size.Current);
    }

    [Fact]
    public void One_is_left_out_while_a_core_is_busy_and_asked_back_ever_less_often()
    {
        TeamSize size = new(4);
        double whole = 0, first = 0, last = 0;
        int left = 0, before = 4;
        for (double now = 0; now < 20; now += 0.002)
        {
            // The fourth thread keeps three waiting most of the time.
            size.Observe(now, 0.002, size.Current == 4 ? 3 * 0.0016 : 0.0001);
            Assert.InRange(size.Current, 3, 4);
            if (size.Current == 4) whole += 0.002;
            if (size.Current < before) (left, last, first) = (left + 1, now, left == 0 ? now : first);
            before = size.Current;
        }

        Assert.InRange(first, 0.01, 0.15);
        Assert.InRange(last, 15, 20);
        Assert.InRange(left, 5, 25);
        Assert.InRange(whole, 0, 0.5);
    }

    [Fact]
    public void Right_after_a_rest_little_is_enough()
    {
        TeamSize size = new(2);
        double now = 0;
        for (; size.Current == 2; now += 0.002) size.Observe(now, 0.002, 0.0018);
        for (; size.Current == 1; now += 0.002) size.Observe(now, 0.002, 0);
        double back = now;
        for (; size.Current == 2; now += 0.002) size.Observe(now, 0.002, 0.0018);
        Assert.InRange(now - back, 0.002, 0.02);
    }

    [Fact]
    public void The_team_is_whole_again_once_the_core_is_free()
    {
        TeamSize size = new(4);
        double now = 0;
        for (; now < 5; now += 0.002) size.Observe(now, 0.002, 0.0016 * (size.Current - 1));
        Assert.Equal(1, size.Current);
        for (; now < 20; now += 0.002) size.Observe(now, 0.002, 0);
        Assert.Equal(4, size.Current);
    }
}
