// Files of certificates and private keys as they were when a configuration was begun. The kernel copies them
// into memory without a name that is part of no address space: a worker that is forked later, and has given
// up the right to read the files, still has the same bytes as the others, and neither the master nor any
// process that closes the descriptor ever had them.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lb/process/descriptor.h"

namespace finishline::process {

class CredentialFiles {
 public:
  /// None.
  CredentialFiles() = default;
  /// Of these files; or why one of them cannot be copied, fit for a user.
  static std::variant<CredentialFiles, std::string> copy(const std::vector<std::string>& files);

  /// What stands in it; "" when it is none of them. Wipe what was secret.
  std::string read(const std::string& file) const;
  /// Whether it is these files, and nobody has touched them since.
  bool still(const std::vector<std::string>& files) const;
  /// In a process that has no business with them.
  void forget() { copies_ = {}; }

 private:
  struct Identity {
    std::string file;
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::int64_t changed_ns = 0;
    std::int64_t bytes = 0;
    bool operator==(const Identity&) const = default;
    static Identity of(const std::string& file, const struct stat& status);
  };
  struct Place {
    std::int64_t offset = 0;
    std::int64_t bytes = 0;
  };

  std::optional<std::string> add(const std::string& file, std::int64_t& end);

  std::vector<Identity> identities_;
  std::vector<Place> places_;  // of each
  Descriptor copies_;
};

}  // namespace finishline::process
