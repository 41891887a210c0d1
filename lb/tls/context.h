// What contexts of both ends have in common. Inside of tls/.
#pragma once

#include <string>
#include <string_view>

#include "lb/tls/handles.h"

namespace finishline::tls {

/// TLS 1.2 with forward secrecy and authenticated encryption only, TLS 1.3, no compression, no renegotiation;
/// little memory for connections that rest.
void set_up_common(SSL_CTX* context);
/// Others are judged by these certificates (PEM); `name_them`: and are told whose. "" or why not.
std::string trust(SSL_CTX* context, std::string_view pem, bool name_them);

}  // namespace finishline::tls
