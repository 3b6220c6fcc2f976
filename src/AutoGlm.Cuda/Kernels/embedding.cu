// Rows of a table in any of ggml's types.
#include "device.cuh"

DEVICE float half_at(const u8* p) { return Half16::one((u16)(p[0] | p[1] << 8)); }

__constant__ i8 non_linear4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
__constant__ i8 doubled_e2m1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

DEVICE int nibble(const u8* q, int i, int half) { return i < half ? q[i] & 15 : q[i - half] >> 4; }

DEVICE void scale_min(const u8* s, int group, int& scale, int& low)
{
    if (group < 4) scale = s[group] & 63, low = s[group + 4] & 63;
    else scale = (s[group + 4] & 15) | (s[group - 4] >> 6) << 4, low = s[group + 4] >> 4 | (s[group] >> 6) << 4;
}

DEVICE float decode_q2k(const u8* b, int i)
{
    int group = i / 16, q = b[16 + 32 * (group / 8) + 16 * (group % 2) + i % 16] >> (2 * (group / 2 % 4)) & 3;
    return half_at(b + 80) * (b[group] & 15) * q - half_at(b + 82) * (b[group] >> 4);
}

DEVICE float decode_q3k(const u8* b, int i)
{
    int group = i / 16, low = group < 8 ? b[96 + group] & 15 : b[96 + group - 8] >> 4, high = b[96 + 8 + group % 4] >> (2 * (group / 4)) & 3;
    int q = b[32 + 32 * (group / 8) + 16 * (group % 2) + i % 16] >> (2 * (group / 2 % 4)) & 3;
    int third = b[16 * (group % 2) + i % 16] >> (group / 2) & 1;
    return half_at(b + 108) * ((low | high << 4) - 32) * (q - (third ? 0 : 4));
}

DEVICE float decode_q45k(const u8* b, int i, bool five)
{
    int group = i / 32, scale, low, j = i % 32;
    scale_min(b + 4, group, scale, low);
    int q = b[(five ? 48 : 16) + 32 * (group / 2) + j] >> (4 * (group % 2)) & 15;
    if (five) q |= (b[16 + j] >> group & 1) << 4;
    return half_at(b) * scale * q - half_at(b + 2) * low;
}

DEVICE float decode_q6k(const u8* b, int i)
{
    int run = i / 32, half = run / 4, part = run % 4, j = i % 32;
    int q = (b[64 * half + 32 * (part % 2) + j] >> (4 * (part / 2)) & 15) | (b[128 + 32 * half + j] >> (2 * part) & 3) << 4;
    return half_at(b + 208) * (i8)b[192 + 2 * run + j / 16] * (q - 32);
}

DEVICE float decode_iq4xs(const u8* b, int i)
{
    int group = i / 32, low = b[4 + group / 2] >> (4 * (group % 2)) & 15, high = (b[2] | b[3] << 8) >> (2 * group) & 3;
    return half_at(b) * ((low | high << 4) - 32) * non_linear4[nibble(b + 8 + 16 * group, i % 32, 16)];
}

DEVICE float decode_tq1(const u8* b, int i)
{
    // Runs of digits: 5 of 32 bytes, 5 of 16, 4 of 4.
    int at = i < 160 ? i % 32 : i < 240 ? 32 + (i - 160) % 16 : 48 + (i - 240) % 4;
    int digit = i < 160 ? i / 32 : i < 240 ? (i - 160) / 16 : (i - 240) / 4, power = 1;
    for (int d = 0; d < digit; d++) power *= 3;
    return ((((u8)(b[at] * power)) * 3 >> 8) - 1) * half_at(b + 52);
}

DEVICE float halved_e8m0(u8 e) { return __int_as_float(e < 2 ? 0x00200000 << e : (int)(e - 1) << 23); }

DEVICE float halved_ue4m3(u8 code)
{
    if (code == 0 || code == 0x7f) return 0;
    int exponent = code >> 3 & 15, mantissa = code & 7;
    float value = exponent == 0 ? mantissa * (1.f / 512.f) : (1.f + mantissa / 8.f) * __int_as_float((exponent - 7 + 127) << 23);
    return value * 0.5f;
}

// Column i of a row; types by ggml's numbers.
DEVICE float decode_value(int type, const u8* row, int i)
{
    switch (type)
    {
        case 0: return ((const float*)row)[i];
        case 1: return Half16::one(((const u16*)row)[i]);
        case 30: return Brain16::one(((const u16*)row)[i]);
        case 2: row += i / 32 * 18; return (nibble(row + 2, i % 32, 16) - 8) * half_at(row);
        case 3: row += i / 32 * 20; return nibble(row + 4, i % 32, 16) * half_at(row) + half_at(row + 2);
        case 6: row += i / 32 * 22; i %= 32; return ((nibble(row + 6, i, 16) | (row[2 + i / 8] >> i % 8 & 1) << 4) - 16) * half_at(row);
        case 7: row += i / 32 * 24; i %= 32; return (nibble(row + 8, i, 16) | (row[4 + i / 8] >> i % 8 & 1) << 4) * half_at(row) + half_at(row + 2);
        case 8: row += i / 32 * 34; return (i8)row[2 + i % 32] * half_at(row);
        case 10: return decode_q2k(row + i / 256 * 84, i % 256);
        case 11: return decode_q3k(row + i / 256 * 110, i % 256);
        case 12: return decode_q45k(row + i / 256 * 144, i % 256, false);
        case 13: return decode_q45k(row + i / 256 * 176, i % 256, true);
        case 14: return decode_q6k(row + i / 256 * 210, i % 256);
        case 20: row += i / 32 * 18; return half_at(row) * non_linear4[nibble(row + 2, i % 32, 16)];
        case 23: return decode_iq4xs(row + i / 256 * 136, i % 256);
        case 34: return decode_tq1(row + i / 256 * 54, i % 256);
        case 35: row += i / 256 * 66; i %= 256; return ((row[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4)) & 3) - 1) * half_at(row + 64);
        case 39: row += i / 32 * 17; return halved_e8m0(row[0]) * doubled_e2m1[nibble(row + 1, i % 32, 16)];
        case 40: row += i / 64 * 36; i %= 64; return halved_ue4m3(row[i / 16]) * doubled_e2m1[nibble(row + 4 + i / 16 * 8, i % 16, 8)];
        default: return __int_as_float(0x7fffffff);
    }
}

struct EmbedArgs
{
    const u8* table;
    const int* tokens; // [rows]
    float* y;
    i64 row_bytes;
    int y_stride, width, type, vocabulary;
};

// The grid's y counts rows. A token outside the table gives NaN, never a read outside it.
extern "C" __global__ void embed_rows(const __grid_constant__ EmbedArgs args)
{
    wait_for_inputs();
    const i64 row = blockIdx.y;
    const int c = blockIdx.x * blockDim.x + threadIdx.x, token = args.tokens[row];
    if (c >= args.width) return;
    const bool known = (u32)token < (u32)args.vocabulary;
    args.y[row * args.y_stride + c] = known ? decode_value(args.type, args.table + token * args.row_bytes, c) : __int_as_float(0x7fffffff);
}
