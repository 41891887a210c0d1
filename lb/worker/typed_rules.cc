#include "lb/worker/typed_rules.h"

namespace finishline::worker {

http::TypedRules typed_rules_of(const config::Config& config, const config::Listener& listener) {
  const auto source = model::parse_length_source(listener.length_from);  // good where the mode is http
  return {.cost = &config.cost,
          .length_from = source.value_or(model::LengthSource()),
          .bytes_per_unit = listener.bytes_per_unit,
          .retryable = listener.retryable};
}

}  // namespace finishline::worker
