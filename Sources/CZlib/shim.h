// zlib, for reading gzip files.
#pragma once
#include <zlib.h>
