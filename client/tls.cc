#include "client/tls.h"

#include <optional>
#include <tuple>
#include <utility>

#include "lb/tls/text_file.h"

namespace finishline::client {
namespace {

std::string host_of(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

std::variant<std::shared_ptr<const tls::ClientContext>, std::string> tls_of(const Options& options) {
  if (!options.tls) return std::shared_ptr<const tls::ClientContext>();
  tls::ClientContext::Options wanted{
      .name = options.server_name.empty() ? host_of(options.connect) : options.server_name,
      .verify = !options.insecure};
  const std::string& key = options.tls_key.empty() ? options.tls_cert : options.tls_key;
  for (const auto& [name, file, text] : {std::tuple("--ca", &options.ca, &wanted.ca),
                                         std::tuple("--cert", &options.tls_cert, &wanted.own.chain),
                                         std::tuple("--key", &key, &wanted.own.key)}) {
    if (file->empty()) continue;
    auto read = tls::read_text_file(*file);
    if (!read) return std::string(name) + ": " + *file + " cannot be read";
    *text = std::move(*read);
  }
  auto made = tls::ClientContext::make(std::move(wanted));
  if (auto* why = std::get_if<std::string>(&made)) return "--tls: " + *why;
  return std::shared_ptr<const tls::ClientContext>(
      std::move(std::get<std::unique_ptr<tls::ClientContext>>(made)));
}

}  // namespace finishline::client
