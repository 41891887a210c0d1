// Tells running servers how many requests they are to work on at once, when the configuration has another
// number than before: a frame of kind resize over a connection of its own. Control process, on its loop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lb/address/address.h"
#include "lb/ledger/ledger.h"
#include "lb/net/loop.h"

namespace finishline::control {

class Resizer {
 public:
  struct SizedServer {
    std::string name;
    net::Address address;  // none: it is not told
    std::uint32_t slots = 1;
  };
  static constexpr Nanos kPatience = 2s;  // for one server's answer

  explicit Resizer(net::Loop& loop);
  ~Resizer();
  Resizer(const Resizer&) = delete;
  Resizer& operator=(const Resizer&) = delete;

  /// The servers of the configuration that is in force from now on. Those whose number differs from that of
  /// the call before are told; what they answer is logged. The first call tells nobody.
  void change_to(const std::vector<SizedServer>& servers);
  std::size_t under_way() const { return talks_.size(); }

 private:
  class Talk;
  void remove(const Talk* talk);

  net::Loop& loop_;
  std::map<std::string, std::uint32_t> known_;
  std::vector<std::unique_ptr<Talk>> talks_;
  std::unique_ptr<Talk> ended_;
};

}  // namespace finishline::control
