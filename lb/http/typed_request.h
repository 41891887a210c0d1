// What a request that came over HTTP asks for, as typed work: POST /{type}, its length by configuration, its
// deadline, priority and whether it may be done twice by header or query. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "lb/http/request_head.h"
#include "lb/model/length_source.h"
#include "proto/cost_model.h"

namespace finishline::http {

/// What a listener makes of requests.
struct TypedRules {
  const CostModel* cost = nullptr;  // never nullptr when it is used
  model::LengthSource length_from{};
  std::uint32_t bytes_per_unit = 64U << 10;  // where the size of the body is the length
  bool retryable = true;                     // where the request does not say
};

struct TypedRequest {
  char code = 0;
  std::uint8_t flags = 0;                 // as of a frame
  std::optional<std::uint32_t> length{};  // units; nothing: by the size of the body
  std::uint32_t deadline_ms = 0;          // 0: none
};

/// The objection leaves the connection as it is: the boundary of the request is known.
std::variant<TypedRequest, Objection> typed_request(const RequestHead& head, const TypedRules& rules);

/// Of a body of so many bytes: whole units, a begun one counts; at least 1.
std::uint32_t length_of_body(std::size_t bytes, const TypedRules& rules);

}  // namespace finishline::http
