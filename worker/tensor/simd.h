#pragma once

// Puts several versions of a function into the program, for AVX-512, AVX2 and any x86-64; the
// loader picks the one for the processor at hand. Only for plain loops over floats and doubles;
// everything else gains nothing.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ROPEWALK_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ROPEWALK_SIMD
#endif
