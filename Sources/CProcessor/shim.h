// What processors have and do, and Swift has no word for.
#pragma once

// Begins to bring the cache line of `address` near; never faults, whatever the address.
static inline void luthier_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

typedef int luthier_integers __attribute__((vector_size(64)));
typedef short luthier_short_integers __attribute__((vector_size(64)));
typedef float luthier_floats __attribute__((vector_size(64)));
typedef int luthier_half_integers __attribute__((vector_size(32)));
typedef short luthier_half_short_integers __attribute__((vector_size(32)));

// Whether a register holds sixteen floats, and there are thirty-two of them. Elsewhere (AVX2, NEON) all registers together
// hold a fourth of that.
static inline __attribute__((always_inline)) _Bool luthier_has_wide_registers(void) {
#if defined(__AVX512F__)
    return 1;
#else
    return 0;
#endif
}

// Sixteen sums, each plus the products of two pairs of 16-bit integers, which are the halves of a lane.
static inline __attribute__((always_inline)) luthier_integers luthier_add_pair_products(
    luthier_integers sums, luthier_integers a, luthier_integers b) {
#if defined(__AVX512VNNI__)
    return (luthier_integers)__builtin_ia32_vpdpwssd512(sums, a, b);
#elif defined(__AVX512BW__)
    return sums + (luthier_integers)__builtin_ia32_pmaddwd512((luthier_short_integers)a, (luthier_short_integers)b);
#elif defined(__AVX2__)
    luthier_half_integers low = (luthier_half_integers)__builtin_ia32_pmaddwd256(
        (luthier_half_short_integers)__builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7),
        (luthier_half_short_integers)__builtin_shufflevector(b, b, 0, 1, 2, 3, 4, 5, 6, 7));
    luthier_half_integers high = (luthier_half_integers)__builtin_ia32_pmaddwd256(
        (luthier_half_short_integers)__builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15),
        (luthier_half_short_integers)__builtin_shufflevector(b, b, 8, 9, 10, 11, 12, 13, 14, 15));
    return sums + __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    return sums + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

// Sixteen integers as floats.
static inline __attribute__((always_inline)) luthier_floats luthier_floats_of(luthier_integers values) {
    return __builtin_convertvector(values, luthier_floats);
}
