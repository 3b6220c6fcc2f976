using AutoGlm.Bench;

return args switch
{
    ["kernels", .. string[] rest] => KernelBench.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: AutoGlm.Bench kernels [--threads N] [--isa NAME] [--types Q4_0,Q8_0,…] [--shape OUTxIN] [--rows 1,8,512] [--seconds S]");
    return 2;
}
