#include "lb/worker/server_proxy_header.h"

#include <algorithm>

namespace finishline::worker {

namespace {

proto::ProxyHeader header_of(const net::Address& client, const net::Address& here) {
  using Family = proto::ProxyHeader::Family;
  proto::ProxyHeader header;
  if (client.host().empty() || client.host().size() != here.host().size()) return header;
  header.family = client.host().size() == 4 ? Family::ipv4 : Family::ipv6;
  std::ranges::copy(client.host(), header.source.begin());
  std::ranges::copy(here.host(), header.destination.begin());
  header.source_port = client.port();
  header.destination_port = here.port();
  return header;
}

}  // namespace

std::string proxy_header_for(config::SendProxy version, const proto::ProxyHeader* told,
                             const net::Address& client, const net::Address& here) {
  if (version == config::SendProxy::off) return "";
  const proto::ProxyHeader header = told != nullptr ? *told : header_of(client, here);
  return version == config::SendProxy::v1 ? encode_proxy_v1(header) : encode_proxy_v2(header);
}

}  // namespace finishline::worker
