#include "lb/worker/proxy_preface.h"

#include <algorithm>

#include "proto/proxy_header.h"

namespace finishline::worker {

std::string proxy_preface(config::SendProxy version, const net::Address& client, const net::Address& here) {
  using Family = proto::ProxyHeader::Family;
  if (version == config::SendProxy::off) return "";
  proto::ProxyHeader header;
  if (!client.host().empty() && client.host().size() == here.host().size()) {
    header.family = client.host().size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(client.host(), header.source.begin());
    std::ranges::copy(here.host(), header.destination.begin());
    header.source_port = client.port();
    header.destination_port = here.port();
  }
  return version == config::SendProxy::v1 ? encode_proxy_v1(header) : encode_proxy_v2(header);
}

}  // namespace finishline::worker
