using System.Text;
using AutoGlm.Cli;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using Terminal terminal = Terminal.OfProcess();
return await CommandLine.RunAsync(args, terminal);
