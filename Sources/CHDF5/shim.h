// HDF5's constants are expression macros, which Swift cannot import: one inline accessor for each that is used.
#pragma once
#include <hdf5.h>
