// Traces of language-model services, as Azure has published them (AzureLLMInferenceTrace, CC BY 4.0), as
// traces of typed requests. Pure.
//
//    TIMESTAMP,ContextTokens,GeneratedTokens
//    2023-11-16 18:17:03.9799600,4808,10
//
// A request's length is what it generates: that is what takes time. Its type is its class of context length:
// the trace is cut into as many equal parts as there are types, the shortest contexts first, because long
// ones fit fewer servers or cost more there.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/model/trace.h"

namespace finishline::model {

/// By its first line.
bool is_token_trace(std::string_view text);

/// Rows in order of time, the first at 0. `types` are names by rising context; at least one. Equal contexts
/// are of one type. The string says what is wrong, with the line.
std::variant<std::vector<TraceRow>, std::string> parse_token_trace(std::string_view text,
                                                                   std::span<const std::string> types);

}  // namespace finishline::model
