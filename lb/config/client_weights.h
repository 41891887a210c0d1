// listener.client_weights: by the network it comes from, the share of a client in what its pool does. Master
// and commands, before anything runs.
#pragma once

#include <string>

#include "lb/config/draft.h"
#include "lb/config/key_table.h"

namespace finishline::config {

/// What stands there; what is wrong with it is reported.
net::NetworkWeights read_weights(const Key& key, const Node& node, const std::string& path, Draft& draft);

/// Reports weights that nothing would go by.
void check_client_weights(Draft& draft);

}  // namespace finishline::config
