// How every refusal is put: JSON, or its words alone for who asks for text. Pure.
#pragma once

#include <string_view>

#include "lb/http/message.h"

namespace finishline::http {

/// {"error": {"code", "message", "pointer"}}: `pointer` is the field that is meant, as "/length"; null
/// without one.
HttpReply error_reply(int status, std::string_view message, std::string_view pointer = {});

/// Whether who sends this Accept header would rather read plain text than JSON.
bool prefers_text(std::string_view accept);
/// A refusal's words and nothing else; any other reply as it is.
HttpReply in_words(HttpReply reply);

}  // namespace finishline::http
