// One of those who send most, as pages tell of it. Plain values. Control process.
#pragma once

#include <string>

namespace finishline::control {

struct Talker {
  std::string network;     // "10.1.2.0/24", "2001:db8::/64", or an address; "": a whole country
  std::string country;     // two letters, as "DE"; "": not known
  double rate = 0;         // requests per second, about
  double connections = 0;  // new connections per second
};

}  // namespace finishline::control
