// OpenBLAS's C interface: cblas_sgemm and the openblas_* functions that ask for and set the library's state.
#pragma once
#include <cblas.h>

char *openblas_get_corename(void);
