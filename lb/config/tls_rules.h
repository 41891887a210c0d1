// What keys of TLS ask of each other, and the files that they name. Pure: no file is read.
#pragma once

#include <string>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/draft.h"

namespace finishline::config {

/// Reports what does not fit together.
void check_tls(Draft& draft);

/// The files that listeners name, private keys among them; each once.
std::vector<std::string> listener_files(const Config& config);
/// Those of the admin server.
std::vector<std::string> admin_files(const Config& config);
/// Those by which servers, and redis, are spoken to.
std::vector<std::string> server_files(const Config& config);

}  // namespace finishline::config
