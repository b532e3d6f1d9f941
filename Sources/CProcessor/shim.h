// A hint to the processor that Swift has no word for.
#pragma once

// Begins to bring the cache line of `address` near; never faults, whatever the address.
static inline void luthier_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
