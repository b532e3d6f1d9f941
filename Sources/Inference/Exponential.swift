// The system's exponential function, the one thing that sampling needs from the C library.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

func exponential(_ x: Double) -> Double { exp(x) }
