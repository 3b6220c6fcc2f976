using System.Net;
using System.Net.Sockets;

namespace AutoGlm.Cli.Tests.LoadTests;

/// <summary>A port of loopback that is held, so that nobody else gets it, and at which nobody listens.</summary>
internal sealed class FreePort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public FreePort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_socket.LocalEndPoint!).Port}/");

    public void Dispose() => _socket.Dispose();

    /// <summary>One that was free a moment ago.</summary>
    public static Uri Address()
    {
        using FreePort port = new();
        return port.Url;
    }
}
