namespace AutoGlm.Graph.Nodes;

/// <summary>Rows that come with the batch (<see cref="Execution.ForwardBatch.Inputs"/>): where a graph goes on from another one's results.</summary>
public sealed record Input : Node;
