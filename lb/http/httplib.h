// cpp-httplib as Debian builds it. The flags change the layout of its classes, so all users of the shared
// library must set the same ones (pkg-config --cflags cpp-httplib); this is the only include of it.
#pragma once

#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_ZLIB_SUPPORT
#define CPPHTTPLIB_BROTLI_SUPPORT
#include <httplib.h>
