using System.Security.Cryptography;
using System.Text;

namespace AutoGlm.Server.Http;

/// <summary>Who may use the server, and as which tenant.</summary>
internal sealed class ApiKeys
{
    private readonly List<(byte[] Hash, string Tenant)> _keys;

    /// <param name="keys">The keys; none lets everyone in, as one tenant.</param>
    /// <param name="secret">Known to this server alone: what a tenant is called cannot be guessed from its key.</param>
    public ApiKeys(IEnumerable<string> keys, ReadOnlySpan<byte> secret)
    {
        _keys = [];
        foreach (string key in keys.Distinct())
        {
            byte[] bytes = Encoding.UTF8.GetBytes(key);
            _keys.Add((SHA256.HashData(bytes), Convert.ToHexStringLower(HMACSHA256.HashData(secret, bytes))));
        }
    }

    /// <summary>All there are.</summary>
    public IReadOnlyList<string> Tenants => _keys.Count == 0 ? [""] : [.. _keys.Select(key => key.Tenant)];

    /// <summary>The tenant of a key; null where the key is wrong.</summary>
    public string? Find(string key)
    {
        byte[] given = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        string? tenant = null;
        // All keys are looked at, each in constant time: how long it takes tells nothing of any.
        foreach ((byte[] hash, string name) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, given)) tenant = name;
        }

        return tenant;
    }

    /// <summary>The tenant of a request, from its headers.</summary>
    /// <exception cref="ApiException">It has no key, or a wrong one.</exception>
    public string Authenticate(HttpRequest request)
    {
        if (_keys.Count == 0) return "";
        string header = request.Headers.Authorization.ToString();
        if (header.Length == 0) throw Refuse("The request has no API key; send the header 'Authorization: Bearer KEY'.");
        const string Scheme = "Bearer ";
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) throw Refuse("The Authorization header should be 'Bearer KEY'.");
        return Find(header[Scheme.Length..].Trim()) ?? throw Refuse("The API key is wrong; use one that the server was started with.");
    }

    private static ApiException Refuse(string message) => new(StatusCodes.Status401Unauthorized, message, code: "invalid_api_key");
}
