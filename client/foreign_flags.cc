#include "client/foreign_flags.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace finishline::client {
namespace {

struct Foreign {
  std::string_view flag, instead;
};

constexpr std::string_view kRate =
    "--rate says how many requests a second are sent over all connections together";
constexpr std::string_view kOutput =
    "--json FILE writes the report, --csv FILE a line for each second, --save-replies FILE one for each "
    "request";
constexpr std::string_view kHttp = "requests are no HTTP: --body, --mix and --length say what they are";

constexpr std::array<Foreign, 13> kForeign{{
    {"--qps", kRate},
    {"--connections", "--concurrency says how many connections"},
    {"-o", kOutput},
    {"--output", kOutput},
    {"-H", kHttp},
    {"-m", kHttp},
    {"-D", kHttp},
    {"-T", kHttp},
    {"--header", kHttp},
    {"-s", "--trace plays requests from a file; --reply-timeout says how long a reply is waited for"},
    {"--script", "--trace plays requests from a file"},
    {"-k", "connections are kept open unless --reconnect is given"},
    {"--disable-keepalive", "--reconnect opens a connection for every request"},
}};

}  // namespace

std::string instead_of(const std::string& flag) {
  const auto at = std::ranges::find(kForeign, std::string_view(flag), &Foreign::flag);
  return at == kForeign.end() ? "" : ": " + std::string(at->instead);
}

}  // namespace finishline::client
