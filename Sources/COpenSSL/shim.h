// OpenSSL's libcrypto, for SHA-256 alone.
#pragma once
#include <openssl/evp.h>
