using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Safetensors;

/// <summary>Element types of safetensors, by the names that its headers use.</summary>
public enum SafetensorsDtype
{
    BOOL,
    F4,
    F6_E2M3,
    F6_E3M2,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
}

public static class SafetensorsDtypes
{
    /// <summary>Bits of an element.</summary>
    public static int Bits(this SafetensorsDtype dtype) => dtype switch
    {
        SafetensorsDtype.F4 => 4,
        SafetensorsDtype.F6_E2M3 or SafetensorsDtype.F6_E3M2 => 6,
        <= SafetensorsDtype.F8_E8M0 => 8,
        <= SafetensorsDtype.BF16 => 16,
        <= SafetensorsDtype.F32 => 32,
        _ => 64,
    };

    /// <summary>The tensor type that stores its values alike; null where there is none.</summary>
    public static TensorType? TensorType(this SafetensorsDtype dtype) => dtype switch
    {
        SafetensorsDtype.F32 => Tensors.TensorType.F32,
        SafetensorsDtype.F16 => Tensors.TensorType.F16,
        SafetensorsDtype.BF16 => Tensors.TensorType.BF16,
        _ => null,
    };
}
