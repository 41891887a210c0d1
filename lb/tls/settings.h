// What a configuration says of TLS, as values. Pure.
#pragma once

#include <cstdint>

namespace finishline::tls {

enum class MinVersion : std::uint8_t { v1_2, v1_3 };
/// Whether clients are asked for a certificate.
enum class ClientAuth : std::uint8_t { off, optional, required };

}  // namespace finishline::tls
